import { len16Codec } from '@commloop/codec-len16'
import { createNode, type LinkState, type Node, ReconnectStrategy, use } from '@commloop/core'
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

it('counts from when nobody was there, however late it began to look and however often is dialled', async () => {
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
  const forMs = (): number => attendance.missing()[0]?.forMs ?? -1
  const failed = next(node, 'backoff')
  await node.start()
  await failed
  const attendance = new Availability(node)
  const dialled = next(node, 'dialing')
  await new Promise((resolve) => setTimeout(resolve, 20))
  const early = forMs()
  expect(early).toBeGreaterThanOrEqual(10)
  await dialled
  expect(forMs()).toBeGreaterThanOrEqual(early)
  await next(node, 'backoff')
  expect(forMs()).toBeGreaterThanOrEqual(early)
})
