import { len16Codec } from '@commloop/codec-len16'
import {
  createNode,
  type LinkState,
  type Node,
  type NodeOptions,
  ReconnectStrategy,
  use,
} from '@commloop/core'
import { tcpTransport } from '@commloop/transport-tcp'
import { expect, it, onTestFinished } from 'vitest'
import { Availability } from '../src/status/availability.js'
import { freePort } from '@commloop/test-support/free-port'

/** Resolves with the next change to this state. */
function next(node: Node, wanted: LinkState): Promise<void> {
  return new Promise((resolve) => {
    node.on('link', ({ state }) => {
      if (state === wanted) resolve()
    })
  })
}

it('measures from when the link went down, even if it was made later and the node has dialled since', async () => {
  const node = createNode(
    {
      audit: { grace: 0 },
      links: [{ id: 'out', role: 'active', ip: '127.0.0.1', port: await freePort() }],
    },
    tcpTransport(),
    len16Codec(),
    use(ReconnectStrategy, { delayMs: () => 50 }),
  )
  onTestFinished(() => node.stop())
  const forMs = (): number => availability.missing()[0]?.forMs ?? -1
  const failed = next(node, 'backoff')
  await node.start()
  await failed
  const availability = new Availability(node)
  const dialled = next(node, 'dialing')
  await new Promise((resolve) => setTimeout(resolve, 20))
  const early = forMs()
  expect(early).toBeGreaterThanOrEqual(10)
  await dialled
  expect(forMs()).toBeGreaterThanOrEqual(early)
  await next(node, 'backoff')
  expect(forMs()).toBeGreaterThanOrEqual(early)
})

it('forgets the links that reloads have removed', async () => {
  const table = (id: string): NodeOptions => ({
    links: [{ id, role: 'active', ip: '127.0.0.1', port: 1, enabled: false }],
  })
  const node = createNode(table('first'), tcpTransport(), len16Codec())
  onTestFinished(() => node.stop())
  await node.start()
  const availability = new Availability(node)
  for (let at = 0; at < 200; at++) await node.reconfigure(table(`link-${String(at)}`))
  expect(availability.remembered).toBeLessThanOrEqual(1)
})
