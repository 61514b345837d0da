import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { cleanUpAfterEach } from '../e2e/clean-up.js'
import { RunningNode } from '../e2e/running-node.js'
import { someToolIsMissing } from '../interop/debian-tool.js'
import { eventually } from '../peer/eventually.js'
import { RawListener } from '../peer/raw-listener.js'
import { RawPeer } from '../peer/raw-peer.js'

cleanUpAfterEach()

const LISTED = '127.0.0.2'
const CALLER = '127.0.0.9'
const CALLS = 1_000
/** With fewer descriptors Node does not reach our code, because it reads modules in parallel. */
const LIMIT = 128
/** The limit after an operator has lowered it for the running process. */
const LOWERED = 64
const PRLIMIT = { command: 'prlimit', package: 'util-linux' }

/** A table that allows many more connections than the process has descriptors for. */
const config = (port: number): string => `
listen: { host: 127.0.0.1, port: 0 }
reconnect: { use: exponential, min: 100ms, initial: 100ms, max: 300ms, maxAttempts: 0 }
links:
  - { id: listed, role: passive, ip: ${LISTED} }
  - { id: out, role: active, ip: 127.0.0.1, port: ${String(port)} }
  - { id: anyone, role: passive, ip: 0.0.0.0, slots: 200 }
`

function descriptorsOf(node: RunningNode): number {
  return readdirSync(`/proc/${String(node.process.pid)}/fd`).length
}

describe.skipIf(someToolIsMissing('running out of descriptors', [PRLIMIT]))(
  'a process that has too few descriptors for its table',
  () => {
    async function started() {
      const server = await RawListener.open({ host: '127.0.0.1' })
      const within = ['prlimit', `--nofile=${String(LIMIT)}:${String(LIMIT)}`]
      const node = await RunningNode.start(config(server.port), { within })
      const listed = await RawPeer.dial({ from: LISTED, port: node.port })
      await node.link('listed', 'up')
      await node.link('out', 'up', 1)
      return { server, node, listed }
    }

    function callMany(node: RunningNode): RawPeer[] {
      return Array.from({ length: CALLS }, () => RawPeer.dialing({ from: CALLER, port: node.port }))
    }

    async function flooded() {
      const { server, node, listed } = await started()
      const flood = callMany(node)
      await node.rejected(({ reason }) => reason === 'no descriptors left')
      await eventually('the rest to be turned away', () => {
        const open = flood.filter(({ closed, finSeen }) => !closed && !finSeen).length
        return open > 0 && open < LIMIT
      })
      return { server, node, listed, flood }
    }

    it('keeps all listed links during a flood, continues to dial, and logs little', async () => {
      const { server, node, listed, flood } = await flooded()
      await listed.send('still here')
      await node.received('listed', 1)
      node.send('you too', { to: 'listed' })
      await listed.received(1)
      const first = await server.peer(1)
      first.reset()
      await node.link('out', 'up', 2)
      expect(descriptorsOf(node)).toBeLessThan(LIMIT)
      for (const peer of flood) peer.destroy()
      await node.link('anyone/1', 'awaiting', 1)
      const late = await RawPeer.dial({ from: CALLER, port: node.port })
      await late.send('back')
      await node.until('the late caller', () => node.messages().length > 1)
      expect(node.states('listed')).toEqual(['awaiting 0', 'up 1'])
      const { rejected, status } = await node.stop()
      expect(status.code).toBe(0)
      expect(rejected['no descriptors left']).toBeGreaterThan(CALLS - LIMIT)
      const lines = node.process.stderrLines
      expect(lines.some((line) => line.includes('raise the limit (ulimit -n)'))).toBe(true)
      expect(lines.length).toBeLessThan(100)
    })

    it('keeps its links if the system closes connections before the node sees them, and dials again afterwards', async () => {
      const { server, node, listed } = await started()
      const pid = String(node.process.pid)
      execFileSync('prlimit', ['--pid', pid, `--nofile=${String(LOWERED)}:${String(LOWERED)}`])
      const flood = callMany(node)
      await eventually('all but some to be turned away', () => {
        const open = flood.filter(({ closed, finSeen }) => !closed && !finSeen).length
        return open > 0 && open < LOWERED
      })
      const first = await server.peer(1)
      first.reset()
      await node.link('out', 'backoff', 1)
      await listed.send('still here')
      await node.received('listed', 1)
      for (const peer of flood) peer.destroy()
      await node.link('out', 'up', 2)
      expect(node.states('listed')).toEqual(['awaiting 0', 'up 1'])
      await node.stop()
    })
  },
)
