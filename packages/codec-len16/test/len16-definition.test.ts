import { describe, expect, it } from 'vitest'
import { type DependencyContainer, FrameCodec, type PluginSide } from '@commloop/core'
import plugin, { Len16Codec, len16Codec } from '../src/index.js'

describe('len16Codec', () => {
  it('registers one codec with its options', () => {
    const registered: [unknown, { useValue: Len16Codec }][] = []
    const register = (token: unknown, provider: { useValue: Len16Codec }): void => {
      registered.push([token, provider])
    }
    len16Codec({ maxPayload: '1KiB' })({ register } as unknown as DependencyContainer)
    expect(registered.map(([token]) => token)).toEqual([FrameCodec])
    expect(registered[0]?.[1].useValue).toBeInstanceOf(Len16Codec)
    expect(registered[0]?.[1].useValue.payloadBytesMax).toBe(1024)
  })

  it('rejects invalid options before it registers anything', () => {
    expect(() => len16Codec({ maxPayload: -1 })).toThrow('maxPayload')
  })
})

describe('the default export', () => {
  it('is a codec plugin named len16', () => {
    expect(plugin).toMatchObject({ kind: 'codec', name: 'len16', apiVersion: 1 })
  })

  it('creates a codec from the options of a configuration', () => {
    expect(plugin.create({}).payloadBytesMax).toBe(65535)
    expect(plugin.create({ maxPayload: '4KiB' }).payloadBytesMax).toBe(4096)
  })

  it('rejects unknown options', () => {
    expect(() => plugin.create({ maxpayload: 5 })).toThrow(
      expect.objectContaining({ code: 'CML_ERR_CONFIG_INVALID' }) as Error,
    )
  })
})

function side(node: string, options: object, ...heartbeats: readonly string[]): PluginSide {
  return {
    node,
    role: 'active',
    options: { ...options },
    transportOptions: {},
    identities: undefined,
    heartbeats: heartbeats.map((payload) => Buffer.from(payload)),
  }
}

function compared(dialer: PluginSide, acceptor: PluginSide): (readonly [string, string])[] {
  return (plugin.compare?.(dialer, acceptor) ?? []).map(({ finding, message }) => [
    finding,
    message,
  ])
}

describe('the comparison of two sides', () => {
  it('finds nothing if the options mean the same', () => {
    expect(compared(side('a', {}), side('b', { byteOrder: 'big', maxPayload: '65535' }))).toEqual(
      [],
    )
  })

  it('reports each part of the header that differs, and no limit that follows from it', () => {
    const other = side('b', { byteOrder: 'little', lengthIncludesHeader: true })
    expect(compared(side('a', {}), other)).toEqual([
      ['codec-differs', 'byteOrder is big at a and little at b'],
      ['codec-differs', 'lengthIncludesHeader is false at a and true at b'],
    ])
  })

  it('reports different limits, and which side exceeds which', () => {
    const message =
      'b may send payloads of 65535 bytes, and a ends the connection above 1024: set the same maxPayload'
    const small = side('a', { maxPayload: '1KiB' })
    expect(compared(small, side('b', {}))).toEqual([['payload-limit-differs', message]])
    expect(compared(side('b', {}), small)).toEqual([['payload-limit-differs', message]])
  })

  it('reports empty heartbeats that the other side rejects, in both directions', () => {
    const rejects = { emptyFrames: 'reject' }
    const message = 'a sends empty frames as heartbeats, and b rejects empty frames'
    expect(compared(side('a', {}, ''), side('b', rejects))).toEqual([['codec-differs', message]])
    expect(compared(side('b', rejects), side('a', {}, 'ping', ''))).toEqual([
      ['codec-differs', message],
    ])
    expect(compared(side('a', {}, 'ping'), side('b', rejects))).toEqual([])
  })

  it('throws CML_ERR_CONFIG_INVALID if the options of one side are invalid', () => {
    expect(() => compared(side('a', {}), side('b', { byteOrder: 'middle' }))).toThrow(
      expect.objectContaining({ code: 'CML_ERR_CONFIG_INVALID' }) as Error,
    )
  })
})
