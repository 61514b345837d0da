import { describe, expect, it } from 'vitest'
import { type DependencyContainer, Transport } from '@commloop/core'
import plugin, { type TcpOptions, TcpTransport, tcpTransport } from '../src/index.js'
import { tcpSettings } from '../src/tcp-options.js'

describe('options', () => {
  it('have defaults', () => {
    expect(tcpSettings({})).toEqual({
      keepAliveMs: 30_000,
      noDelay: true,
      backlog: 511,
      handshakesMax: 64,
    })
    expect(tcpSettings({ keepAlive: undefined, noDelay: undefined, backlog: undefined })).toEqual(
      tcpSettings({}),
    )
  })

  it.each([
    [{ keepAlive: '5m' }, { keepAliveMs: 300_000 }],
    [{ keepAlive: 1000 }, { keepAliveMs: 1000 }],
    [{ keepAlive: '32767s' }, { keepAliveMs: 32_767_000 }],
    [{ keepAlive: 'off' }, { keepAliveMs: 0 }],
    [{ noDelay: false }, { noDelay: false }],
    [{ backlog: 1 }, { backlog: 1 }],
    [{ handshakes: 3 }, { handshakesMax: 3 }],
  ])('%o are accepted', (options, settings) => {
    expect(tcpSettings(options)).toMatchObject(settings)
  })

  it.each([
    [
      { keepAlive: '500ms' },
      'keepAlive: expected a duration of 1s to 32767s, or \'off\', found "500ms"',
    ],
    [{ keepAlive: 0 }, 'keepAlive: expected a duration of 1s'],
    [{ keepAlive: '10h' }, 'found "10h"'],
    [{ keepAlive: true }, 'found true'],
    [{ keepAlive: () => 10 }, 'found a function'],
    [{ noDelay: 'no' }, 'noDelay: expected true or false, found "no"'],
    [{ backlog: 0 }, 'backlog: expected a whole number of 1 to 65535, found 0'],
    [{ backlog: 1.5 }, 'found 1.5'],
    [{ backlog: '511' }, 'found "511"'],
    [{ backlog: 65536 }, 'found 65536'],
    [{ mtu: 1 }, 'mtu: unknown option; there are keepAlive, noDelay, backlog, handshakes'],
    [
      { backlog: 0, keepAliv: '1s' },
      'keepAliv: unknown option. Did you mean "keepAlive"?; transport tcp: backlog: expected',
    ],
    [{ noDelay: null }, 'found nothing'],
    [{ handshakes: 0 }, 'handshakes: expected a whole number of 1 to 65535, found 0'],
    [{ nodelay: true }, 'nodelay: unknown option. Did you mean "noDelay"?'],
  ])('%o are rejected with an explanation', (options, message) => {
    const refusal = expect.objectContaining({
      code: 'CML_ERR_CONFIG_INVALID',
      message: expect.stringContaining(message) as string,
    }) as Error
    expect(() => new TcpTransport(options as unknown as TcpOptions)).toThrow(refusal)
    expect(() => plugin.create(options)).toThrow(refusal)
  })
})

describe('the transport of a node', () => {
  it('is registered once', () => {
    const registered: [unknown, { useValue: unknown }][] = []
    const register = (token: unknown, provider: { useValue: unknown }): void => {
      registered.push([token, provider])
    }
    tcpTransport({ keepAlive: 'off' })({ register } as unknown as DependencyContainer)
    expect(registered.map(([token]) => token)).toEqual([Transport])
    expect(registered[0]?.[1].useValue).toBeInstanceOf(TcpTransport)
  })

  it('is created from the options of a configuration', () => {
    expect(plugin).toMatchObject({ kind: 'transport', name: 'tcp', apiVersion: 1 })
    expect(plugin.create({ backlog: 5 })).toBeInstanceOf(TcpTransport)
  })
})
