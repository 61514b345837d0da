import { describe, expect, it } from 'vitest'
import { readSendLine } from '@commloop/control'
import { freePort } from '@commloop/test-support/free-port'
import { cleanUpAfterEach } from '../e2e/clean-up.js'
import { RunningNode } from '../e2e/running-node.js'
import { RawPeer } from '../peer/raw-peer.js'
import { sectionOf, tableRows } from './page.js'
import { textOf } from './source-tree.js'

cleanUpAfterEach()

const PAGE = textOf('docs/ndjson.md')
/** The words in inline code of the cell that names the keys. */
const KEYS_OF_TYPE = new Map(
  sectionOf(PAGE, '## Output')
    .split('\n')
    .flatMap((line) => {
      const [, type, keys = ''] = /^\| `(\w+)` \| ([^|]*) \|/.exec(line) ?? []
      return type === undefined || type === 'type'
        ? []
        : [[type, keys.match(/(?<=`)\w+(?=`)/g) ?? []] as const]
    }),
)

describe('docs/ndjson.md', () => {
  it('names the keys of input lines', () => {
    const rows = tableRows(sectionOf(PAGE, '## Input'), ['key', 'value'])
    const lines: Readonly<Record<string, object>> = {
      payload: { payload: 'text' },
      base64: { base64: 'dGV4dA==' },
      hex: { hex: '74657874' },
      to: { payload: 'text', to: ['cell/*', 0, { link: 'cell/2', epoch: 7 }] },
      id: { payload: 'text', id: '1' },
      ttl: { payload: 'text', ttl: '500ms' },
      wait: { payload: 'text', wait: false },
    }
    expect(rows.map(([key]) => key)).toEqual(Object.keys(lines))
    for (const line of Object.values(lines)) {
      const request = readSendLine(Buffer.from(JSON.stringify(line)))
      expect(request).toHaveProperty('payload', new Uint8Array(Buffer.from('text')))
    }
    const unknown = readSendLine(Buffer.from('{"payload":"text","time":1}'))
    expect(unknown).toHaveProperty('problem', '"time": unknown key')
  })

  it('names every type of output line, with all of its keys', async () => {
    const node = await RunningNode.start(
      `
      listen: [{ name: a, host: 127.0.0.1, port: 0, proxyProtocol: { from: [127.0.0.8] } }, { name: b, host: 127.0.0.1, port: 0 }]
      audit: { every: 50ms }
      links:
        - { id: press, role: passive, ip: 127.0.0.2 }
        - { id: gone, role: active, ip: 127.0.0.3, port: ${String(await freePort())} }
      `,
      { args: ['--text'] },
    )
    const peer = await RawPeer.dial({ from: '127.0.0.8', port: node.port })
    await peer.write(Buffer.from('PROXY TCP4 127.0.0.2 127.0.0.1 40000 8000\r\n'))
    await peer.send('text')
    await peer.write(Buffer.from([0, 1, 0xff]))
    node.send('answer', { to: 'press', id: '1' })
    node.send('too late', { to: 'gone', ttl: 1, id: '2' })
    node.send('too late', { to: 'gone', ttl: 1 })
    node.process.write('{"payload":1,"id":"3"}\n')
    await node.received('press', 2)
    for (const answer of ['text', Buffer.from([0xff])]) {
      const before = peer.payloads.length
      node.process.write('{"request":"how warm?","to":"press","id":"4"}\n')
      await peer.received(before + 1)
      await peer.send(answer)
    }
    await RawPeer.dial({ from: '127.0.0.9', port: node.port })
    await node.link('gone', 'backoff')
    await node.until('a line of every type', () =>
      [...KEYS_OF_TYPE.keys()].every((type) => node.events.some((event) => event.type === type)),
    )
    await node.until('the outcome without id', () => node.outcomes().some(({ count }) => count))

    const seen = new Map<string, Set<string>>()
    for (const { type, ...rest } of node.events) {
      const keys = seen.get(type) ?? new Set()
      for (const key of Object.keys(rest)) keys.add(key)
      seen.set(type, keys)
    }
    expect([...seen.keys()].sort()).toEqual([...KEYS_OF_TYPE.keys()].sort())
    for (const [type, keys] of seen) {
      expect([...keys].sort(), type).toEqual([...(KEYS_OF_TYPE.get(type) ?? [])].sort())
    }
  })
})
