import { len16Codec } from '@commloop/codec-len16'
import * as core from '@commloop/core'
import {
  type DependencyContainer,
  type InjectionToken,
  Lifecycle,
  type Node,
  type NodeOptions,
  type Plugin,
} from '@commloop/core'
import { defineRouter } from '@commloop/router-plugin-api'
import { tcpTransport } from '@commloop/transport-tcp'
import { afterEach, describe, expect, it } from 'vitest'
// Not public: only tests may use these.
import { OutboxStore } from '../../packages/core/src/contracts/outbox.js'
import { container } from '../../packages/core/src/di.js'

const OPTIONS: NodeOptions = {
  node: 'composed',
  listen: { host: '127.0.0.1', port: 0 },
  links: [{ id: 'anyone', role: 'passive', ip: '0.0.0.0', slots: 2 }],
}

interface Composed {
  readonly node: Node
  /** The node's own container, as plugins see it. */
  readonly scope: DependencyContainer
}

const nodes: Node[] = []
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()))
})

function compose(...plugins: readonly Plugin[]): Composed {
  const scopes: DependencyContainer[] = []
  const node = core.createNode(OPTIONS, tcpTransport(), len16Codec(), ...plugins, (scope) => {
    scopes.push(scope)
  })
  nodes.push(node)
  const [scope] = scopes
  if (scope === undefined) throw new Error('the plugin was not called')
  return { node, scope }
}

/** Every token that core exports, by its name, and the one that core keeps to itself. */
const TOKENS: readonly (readonly [string, InjectionToken])[] = [
  ...Object.entries(core).filter(
    (exported): exported is [string, symbol] => typeof exported[1] === 'symbol',
  ),
  ['OutboxStore', OutboxStore],
]

/** Uses one method of what a token resolves to, so that a part that is only half there is noticed. */
const USES: Readonly<Record<string, (scope: DependencyContainer) => unknown>> = {
  NodeConfig: (scope) => {
    expect(scope.resolve(core.NodeConfig).name).toBe('composed')
  },
  Transport: async (scope) => {
    const port = await new Promise((resolve, reject) => {
      const door = scope.resolve(core.Transport).listen(
        { ip: '127.0.0.1', port: 0, options: {} },
        {
          listening: (at) => {
            door.close()
            resolve(at.port)
          },
          admit: () => false,
          accepted: () => undefined,
          failed: reject,
        },
      )
    })
    expect(port).toBeGreaterThan(0)
  },
  FrameCodec: (scope) => {
    const frame = new Uint8Array(5)
    scope.resolve(core.FrameCodec).encode(Buffer.from('abc'), frame, 0)
    expect(Buffer.from(frame).toString('hex')).toBe('0003616263')
  },
  ReconnectStrategy: (scope) => {
    const random = scope.resolve(core.Random)
    expect(scope.resolve(core.ReconnectStrategy).delayMs(1, random)).toBeGreaterThanOrEqual(100)
  },
  SendRouter: (scope) => {
    const message = { payload: new Uint8Array(0), id: undefined, from: undefined, deferrals: 0 }
    expect(scope.resolve(core.SendRouter).route(message, [])).toHaveProperty('drop')
  },
  OutboxStore: (scope) => {
    const limits = { bytesMax: 1000, messagesMax: 1, overflow: 'reject' } as const
    const never = { sendable: () => undefined, dropped: () => undefined }
    const outbox = scope.resolve(OutboxStore).open('link', limits, never)
    const appended = (): boolean => outbox.append(new Uint8Array(9), undefined, undefined, 0)
    expect([appended(), appended()]).toEqual([true, false])
  },
  Clock: (scope) => {
    const clock = scope.resolve(core.Clock)
    expect(clock.now()).toBeLessThanOrEqual(clock.now())
    return new Promise<void>((resolve) => {
      clock.soon(resolve)
    })
  },
  Random: (scope) => {
    const x = scope.resolve(core.Random).next()
    expect(x >= 0 && x < 1, String(x)).toBe(true)
  },
  Logger: (scope) => {
    scope.resolve(core.Logger).info({}, 'nobody hears this')
  },
}

describe('the composition root', () => {
  it('registers no token that this test does not use', () => {
    expect(TOKENS.map(([name]) => name).sort()).toEqual(Object.keys(USES).sort())
  })

  it.each(TOKENS)('resolves %s to something that works', async (name, token) => {
    const { scope } = compose()
    expect(scope.isRegistered(token), name).toBe(true)
    await USES[name]?.(scope)
  })

  it('reports a contract without an implementation, and the remedy', () => {
    const missing = (contract: string): object =>
      expect.objectContaining({
        code: 'CML_ERR_PLUGIN_MISSING',
        message: expect.stringContaining(contract) as string,
      }) as object
    expect(() => core.createNode(OPTIONS, len16Codec())).toThrow(missing('Transport'))
    expect(() => core.createNode(OPTIONS, tcpTransport())).toThrow(missing('FrameCodec'))
  })

  it('lets the plugin that comes last replace what came before, a default or another plugin', () => {
    const first = defineRouter({ name: 'first', route: () => 'first' })
    const second = defineRouter({ name: 'second', route: () => 'second' })
    const { scope } = compose(core.useRouter(first), core.useRouter(second))
    expect(scope.resolve(core.SendRouter)).toBe(second)
  })
})

describe('two nodes of one process', () => {
  it('share nothing: no part of one is a part of the other', () => {
    const [left, right] = [compose(), compose()]
    for (const [name, token] of TOKENS) {
      const own: unknown = left.scope.resolve(token)
      expect(right.scope.resolve(token), name).not.toBe(own)
    }
    expect(left.node.config).not.toBe(right.node.config)
    expect(left.node.links()).not.toBe(right.node.links())
  })

  it('do not see what a plugin put in a contract’s place in the other', () => {
    const router = defineRouter({ name: 'own', route: () => ({ drop: 'by the own router' }) })
    const [left, right] = [compose(core.useRouter(router)), compose()]
    expect(left.scope.resolve(core.SendRouter)).toBe(router)
    expect(right.scope.resolve(core.SendRouter)).toBeInstanceOf(core.DirectRouter)
  })

  it('leave the root container empty', async () => {
    class OfAPlugin {
      readonly name = 'a class of its own'
    }
    const own: InjectionToken<OfAPlugin> = Symbol('a token of its own')
    const { node, scope } = compose((plugin) => {
      plugin.register(own, { useClass: OfAPlugin }, { lifecycle: Lifecycle.Singleton })
    })
    await node.start()
    expect(scope.resolve<OfAPlugin>(own).name).toBe('a class of its own')
    for (const [name, token] of [...TOKENS, ['own', own] as const]) {
      expect(container.isRegistered(token), name).toBe(false)
    }
    expect(container.isRegistered(core.Node)).toBe(false)
  })

  it('run side by side, each with its own port and its own counters', async () => {
    const [left, right] = [compose(), compose()]
    await Promise.all([left.node.start(), right.node.start()])
    expect(left.node.listening?.port).not.toBe(right.node.listening?.port)
    left.node.send(Buffer.from('x'))
    expect([left.node.counters.accepted, right.node.counters.accepted]).toEqual([1, 0])
  })
})
