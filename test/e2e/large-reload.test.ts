import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { eventually } from '../peer/eventually.js'
import { largeTable } from '../robustness/reload-stall.js'
import { cleanUpAfterEach } from './clean-up.js'
import { RunningNode } from './running-node.js'

cleanUpAfterEach()

const ENTRIES = 10_000
const HEARTBEAT = 'heartbeat: { every: 300ms, payload: beat }\nsilence: 900ms\n'
const RELOAD_MS_MAX = 60_000

it(
  'a reload of 10,000 entries, accepted or rejected, costs no link: heartbeats go on',
  async () => {
    const own = '  - { id: peer, role: passive, ip: 127.0.0.1 }\n'
    const table = (options: { top?: string; entry?: string } = {}): string =>
      largeTable(ENTRIES, { ...options, top: HEARTBEAT + (options.top ?? '') }) + own
    const node = await RunningNode.start(table())
    const peer = await RunningNode.start(
      `${HEARTBEAT}links: [{ id: node, role: active, ip: 127.0.0.1, port: ${String(node.port)} }]\n`,
    )
    await node.link('peer', 'up', 1)
    const file = join(node.folder, '.commlooprc')
    const reports = (): number =>
      node.process.stderrLines.filter((line) => /"msg":"reload(ed| rejected)/.test(line)).length
    for (const text of [
      table({ top: 'deferMax: 50s\n' }),
      table({ entry: ', colour: red' }),
      table({ entry: ', ttl: 1m' }),
    ]) {
      const before = reports()
      writeFileSync(`${file}.new`, text)
      renameSync(`${file}.new`, file)
      node.process.kill('SIGHUP')
      await node.process.log(() => reports() > before, RELOAD_MS_MAX)
    }
    node.send('after all', { to: 'peer' })
    await eventually(
      'the message',
      () => peer.events.some(({ type }) => type === 'message'),
      () => peer.process.stderrLines.join('\n'),
    )
    expect(node.states('peer')).toEqual(['awaiting 0', 'up 1'])
    expect(peer.states('node').filter((state) => state.startsWith('up'))).toEqual(['up 1'])
  },
  4 * RELOAD_MS_MAX,
)
