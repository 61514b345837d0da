import { describe, expect, it } from 'vitest'
import type { FrameCodec, PluginDefinition } from '@commloop/core'
import {
  configuredBytes,
  type Framing,
  framing,
  framingDefinition,
  FRAMINGS,
  hexBytes,
} from '../src/index.js'

describe('framings', () => {
  it('have unique names in lower case', () => {
    const names = FRAMINGS.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/)
    expect(names).not.toContain('len16')
  })

  it.each(FRAMINGS)(
    '$name is described, with a source and samples in hexadecimal digits',
    (each) => {
      expect(each.title).toMatch(/^\S.{10,100}$/)
      expect(each.titleZh).toMatch(/[\u4e00-\u9fff]/)
      expect(each.source.length).toBeGreaterThan(5)
      for (const { frame, payload, encodes = '', about } of each.samples) {
        for (const digits of [frame, payload, encodes]) expect(hexBytes(digits)).toBeDefined()
        expect(about).not.toBe('')
      }
      for (const note of each.notes) expect(note).toMatch(/\.$|\]\.$/)
    },
  )

  it.each(FRAMINGS)('$name is found by its name', (each) => {
    expect(framing(each.name)).toBe(each)
  })
})

const TPKT = framing('tpkt') as Framing

/** A codec that only keeps the options with which it was created. */
const KEEPS: PluginDefinition<'codec'> = {
  kind: 'codec',
  name: 'length-field',
  apiVersion: 1,
  create: (options) => ({ options }) as unknown as FrameCodec,
}

describe('the plugin of a framing', () => {
  const tpkt = framingDefinition(TPKT, KEEPS)

  it('has the options of the framing, and those of the configuration', () => {
    expect(tpkt.create({ maxPayload: 9 })).toEqual({ options: { ...TPKT.options, maxPayload: 9 } })
  })

  it('rejects what the name fixes, and names what to use', () => {
    expect(() => tpkt.create({ counts: 'body' })).toThrow(
      'codec tpkt: counts: fixed by this name; use: length-field takes every option, and "commloop codecs tpkt" prints those of tpkt',
    )
  })

  it('rejects options that neither it nor its codec has', () => {
    expect(() => tpkt.create({ maxPaylod: 9 })).toThrow(
      'codec tpkt: maxPaylod: unknown option. Did you mean "maxPayload"?',
    )
  })
})

describe('configured bytes', () => {
  it.each([
    ['é', [0xc3, 0xa9]],
    [{ hex: '00fF' }, [0, 255]],
    [{ base64: 'AP8=' }, [0, 255]],
    [Uint8Array.of(7), [7]],
  ])('are read from %j', (value, bytes) => {
    expect([...(configuredBytes(value) ?? [])]).toEqual(bytes)
  })

  it.each([7, null, [], {}, { hex: 'f' }, { hex: 7 }, { base64: '*' }, { hex: '00', base64: '' }])(
    'are not %j',
    (value) => {
      expect(configuredBytes(value)).toBeUndefined()
    },
  )
})
