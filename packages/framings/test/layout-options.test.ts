import { describe, expect, it } from 'vitest'
import type { FrameCodec, PluginDefinition } from '@commloop/core'
import {
  counterpartOptions,
  type Framing,
  framing,
  framingDefinition,
  FRAMINGS,
  Layout,
  layoutOf,
  Stamp,
} from '../src/index.js'

const TELEGRAM = framing('telegram-40') as Framing
const HELLO = new TextEncoder().encode('hello')
const stamp = (): Stamp => new Stamp(() => Date.UTC(2025, 8, 29, 10, 11, 12), { zone: 'utc' })
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** Records the options that reach the codec. */
function definitionOf(
  found: Framing,
  given: unknown[] = [],
): Required<Pick<PluginDefinition<'codec'>, 'create' | 'layout' | 'compare'>> {
  return framingDefinition(found, {
    kind: 'codec',
    name: found.codec,
    apiVersion: 1,
    create: (options) => {
      given.push(options)
      return {} as FrameCodec
    },
  }) as Required<PluginDefinition<'codec'>>
}

describe('the fields of a codec', () => {
  it('give every message constants, which the message may replace', () => {
    const fields = { sender: 'L2', receiver: 'L3' }
    const layout = definitionOf(TELEGRAM).layout({ fields })
    const write = (values: object): string => {
      return text(layout?.write({ id: 'AA01', ...values }, HELLO, stamp()) ?? new Uint8Array())
    }
    expect(write({})).toContain('101112L2L3000001')
    expect(write({ receiver: 'X' })).toContain('101112L2X 000001')
  })

  it('may cut the header in another way, with types and meanings by name', () => {
    const cut = [
      { name: 'length', bytes: 4 },
      { name: 'id', bytes: 6 },
      { name: 'datetime', bytes: 14 },
      { name: 'sender', bytes: 2, value: 'L2' },
      { name: 'receiver', bytes: 2, value: 'L3' },
      { name: 'sequence', bytes: 4 },
      { name: 'mode', bytes: 8, type: 'decimal', value: 7 },
    ]
    const layout = layoutOf('telegram-40', { fields: cut })
    const payload = layout.write({ id: 'AA01XY' }, HELLO, stamp())
    expect(text(payload)).toBe('0000AA01XY20250929101112L2L3000100000007hello')
    expect(() => layout.write({ id: 'AA01' }, HELLO, stamp())).toThrow('6 printable ASCII')
    expect(() => layout.write({ id: 'AA01XY', sequence: 10_000 }, HELLO, stamp())).toThrow(
      '1 to 9999',
    )
    expect(layout.read(payload)).toMatchObject({ sequence: 1, mode: 7, datetime: '20250929101112' })
  })

  it('set the limits of the sequence and the time zone', () => {
    const layout = layoutOf('telegram-40', { stamp: { first: 100, last: 101, zone: 'utc' } })
    const counting = layout.createStamp(() => Date.UTC(2025, 8, 29, 10, 11, 12))
    expect([counting.next(), counting.next(), counting.next()]).toEqual([100, 101, 100])
    expect(counting.time()).toBe('20250929101112')
  })

  const cut = (...parts: unknown[]): object => ({
    fields: [{ name: 'length', bytes: 4 }, ...parts],
  })

  it.each([
    [{ fields: { sendr: 'L2' } }, 'fields.sendr: unknown option. Did you mean "sender"?'],
    [
      { fields: { sender: 'L22' } },
      'fields.sender: expected up to 2 printable ASCII characters, found "L22"',
    ],
    [
      { fields: { id: 'A 01' } },
      'fields.id: expected 4 printable ASCII characters without blanks, found "A 01"',
    ],
    [{ fields: { length: 45 } }, 'fields.length: the codec writes the length'],
    [{ fields: { date: '20250101' } }, 'fields.date: it differs in each message'],
    [
      { fields: 'sender' },
      'fields: expected a map of values, or a list of fields with their sizes, found "sender"',
    ],
    [
      cut({ name: 'id', bytes: 4 }),
      'fields: the sizes must add up to the header of 40 bytes, found 8 bytes',
    ],
    [cut({ name: 'id', bytes: 36, type: 'txt' }), 'fields.1.type: expected one of text, decimal'],
    [
      cut({ name: 'id', bytes: 0 }),
      'fields.1.bytes: expected a whole number from 1 to 1024, found 0',
    ],
    [
      cut({ name: 'date', bytes: 7 }),
      'fields.1.bytes: expected 8, the size of the type date, found 7',
    ],
    [cut({ name: 'body', bytes: 36 }), 'fields.1.name: expected a name'],
    [cut({ name: '__proto__', bytes: 36 }), 'fields.1.name: expected a name'],
    [cut({ bytes: 36 }), 'fields.1: "name" is missing'],
    [cut({ name: 'id' }), 'fields.1: "bytes" is missing'],
    [
      cut({ name: 'id', bytes: 36, valu: 'x' }),
      'fields.1.valu: unknown option. Did you mean "value"?',
    ],
    [
      cut({ name: 'to', bytes: 36, value: 'é' }),
      'fields.1.value: expected up to 36 printable ASCII',
    ],
    [cut('id'), 'fields.1: expected { name, bytes, type, value }, found "id"'],
    [
      cut({ name: 'a', bytes: 18 }, { name: 'a', bytes: 18 }),
      'fields.2.name: the list has "a" twice',
    ],
    [
      { fields: [{ name: 'id', bytes: 40 }] },
      'fields: the codec writes the length into the first 4 bytes',
    ],
    [
      cut({ name: 'again', bytes: 6, type: 'length' }, { name: 'to', bytes: 30 }),
      'fields: the codec writes the length into the first 4 bytes',
    ],
    [{ stamp: { zone: 'cet' } }, 'stamp.zone: expected local or utc, found "cet"'],
    [
      { stamp: { first: 9, last: 9 } },
      'stamp.last: expected a whole number from 10, above "first", to 999999',
    ],
    [{ stamp: { last: 1_000_000 } }, 'stamp.last: expected'],
    [{ stamp: { start: 1 } }, 'stamp.start: unknown option'],
    [{ stamp: 5 }, 'stamp: expected { first, last, zone }, found 5'],
    [
      { keep: 'nothing', fields: {} },
      'fields: only a payload that begins with the header has fields',
    ],
    [{ keep: 'frame', stamp: {} }, 'stamp: only a payload that begins with the header has fields'],
  ])('reject %j', (options, problem) => {
    const creating = (): unknown =>
      definitionOf(TELEGRAM).create(options as Record<string, unknown>)
    expect(creating).toThrow(expect.objectContaining({ code: 'CML_ERR_CONFIG_INVALID' }))
    expect(creating).toThrow(`codec telegram-40: ${problem}`)
  })

  it('list all mistakes together', () => {
    const options = { fields: { sender: 'LLL', receiver: 'LLL' }, stamp: { zone: 1 } }
    const creating = (): unknown => definitionOf(TELEGRAM).create(options)
    for (const option of ['fields.sender', 'fields.receiver', 'stamp.zone']) {
      expect(creating).toThrow(`codec telegram-40: ${option}: `)
    }
  })

  it('reject limits of a number that the header does not have', () => {
    const found = framing('telegram-29') as Framing
    expect(() => definitionOf(found).create({ stamp: { first: 2 } })).toThrow(
      'codec telegram-29: stamp.first: this header does not have a field of the type sequence',
    )
  })

  it('do not reach the codec', () => {
    const given: object[] = []
    definitionOf(TELEGRAM, given).create({ fields: { sender: 'L2' }, stamp: { zone: 'utc' } })
    expect(given).toEqual([TELEGRAM.options])
  })

  it('are unknown to a framing without a layout, and to payloads without a header', () => {
    const tpkt = framing('tpkt') as Framing
    expect(() => definitionOf(tpkt).create({ fields: {} })).toThrow('fields: unknown option')
    expect(definitionOf(tpkt).layout({})).toBeUndefined()
    expect(definitionOf(TELEGRAM).layout({ keep: 'nothing' })).toBeUndefined()
  })

  it('are compared between two sides, as far as they cut the header', () => {
    const side = (node: string, options: object) => ({
      node,
      role: 'active' as const,
      options: options as Record<string, unknown>,
      transportOptions: {},
      identities: undefined,
      heartbeats: [],
    })
    const { compare } = definitionOf(TELEGRAM)
    const constants = side('a', { fields: { sender: 'L2' } })
    expect(compare(constants, side('b', {}))).toEqual([])
    const other = side('b', cut({ name: 'id', bytes: 36 }))
    expect(compare(constants, other)).toEqual([
      {
        finding: 'codec-differs',
        message:
          'the header is length 4, id 4, date 8, time 6, sender 2, receiver 2, sequence 6, spare 8 at a and length 4, id 36 at b',
      },
    ])
  })

  it('are turned for the peer, whose sender is the receiver of this side', () => {
    const turned = counterpartOptions(TELEGRAM, { fields: { sender: 'L2', receiver: 'L3' } })
    expect(turned).toEqual({ fields: { receiver: 'L2', sender: 'L3' } })
    const list = [
      { name: 'sender', bytes: 2, value: 'L2' },
      { name: 'receiver', bytes: 2 },
      { name: 'id', bytes: 4, value: 'AA01' },
    ]
    expect(counterpartOptions(TELEGRAM, { fields: list })).toEqual({
      fields: [
        { name: 'sender', bytes: 2 },
        { name: 'receiver', bytes: 2, value: 'L2' },
        { name: 'id', bytes: 4, value: 'AA01' },
      ],
    })
    expect(counterpartOptions(TELEGRAM, { maxPayload: 100 })).toEqual({ maxPayload: 100 })
  })
})

describe('a framing with a layout', () => {
  it.each(FRAMINGS.filter(({ layout }) => layout !== undefined))(
    '$name has fields that fill its header, and leaves it in the payload',
    ({ layout = [], options, open }) => {
      expect(new Layout(layout).headerBytes).toBe(options['header'])
      expect(options['keep']).toBe('header')
      expect(open).toEqual(expect.arrayContaining(['fields', 'stamp']))
      for (const field of layout) {
        expect(field.text).not.toBe('')
        expect(field.textZh).toMatch(/[\u4e00-\u9fff]/)
      }
    },
  )
})
