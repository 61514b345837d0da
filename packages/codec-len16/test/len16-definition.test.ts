import { describe, expect, it } from 'vitest'
import { type DependencyContainer, FrameCodec } from '@commloop/core'
import plugin, { Len16Codec, len16Codec } from '../src/index.js'

describe('the plugin', () => {
  it('registers one codec with its options in the scope that it is given', () => {
    const registered: [unknown, { useValue: Len16Codec }][] = []
    const register = (token: unknown, provider: { useValue: Len16Codec }): void => {
      registered.push([token, provider])
    }
    len16Codec({ maxPayload: '1KiB' })({ register } as unknown as DependencyContainer)
    expect(registered.map(([token]) => token)).toEqual([FrameCodec])
    expect(registered[0]?.[1].useValue).toBeInstanceOf(Len16Codec)
    expect(registered[0]?.[1].useValue.payloadBytesMax).toBe(1024)
  })

  it('refuses bad options before anything is registered', () => {
    expect(() => len16Codec({ maxPayload: -1 })).toThrow('maxPayload')
  })
})

describe('the default export', () => {
  it('says what it is', () => {
    expect(plugin).toMatchObject({ kind: 'codec', name: 'len16', apiVersion: 1 })
  })

  it('makes a codec from a configuration', () => {
    expect(plugin.create({}).payloadBytesMax).toBe(65535)
    expect(plugin.create({ maxPayload: '4KiB' }).payloadBytesMax).toBe(4096)
  })

  it('refuses names that it does not know', () => {
    expect(() => plugin.create({ maxpayload: 5 })).toThrow(
      expect.objectContaining({ code: 'CML_ERR_CONFIG_INVALID' }) as Error,
    )
  })
})
