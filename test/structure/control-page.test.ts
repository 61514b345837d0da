import { describe, expect, it } from 'vitest'
import { CONTROL_LIMITS, EVENT_TYPES } from '@commloop/control'
import { controlApi, type ControlledNode } from '@commloop/control/app'
import {
  closeClientsAfterEach,
  ControlNode,
  type RawClient,
} from '@commloop/test-support/control-node'
import { endCliProcessesAfterEach } from '@commloop/test-support/cli-process'
import { closePeersAfterEach, FramedPeer } from '@commloop/test-support/framed-peer'
import { freePort } from '@commloop/test-support/free-port'
import { removeTestFoldersAfterEach } from '@commloop/test-support/test-folder'
import { sectionOf, tableRows } from './page.js'
import { textOf } from './source-tree.js'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()
closePeersAfterEach()
closeClientsAfterEach()

const PAGE = textOf('docs/control-api.md')

/** Every name in the first cells of a table: a cell may hold several. */
function namesOf(heading: string, head: string): string[] {
  const rows = tableRows(sectionOf(PAGE, heading), [head])
  return rows.flatMap(([cell = '']) => cell.split(', '))
}

async function node(): Promise<ControlNode> {
  const port = await freePort()
  return await ControlNode.start(
    {
      listen: { host: '127.0.0.1', port: 0 },
      audit: { every: '50ms', grace: '10ms' },
      router: './throws.mjs',
      links: [
        { id: 'in', role: 'passive', ip: '127.0.0.1' },
        { id: 'gone', role: 'active', ip: '127.0.0.3', port },
      ],
    },
    { 'throws.mjs': 'export default { name: "t", route() { throw new Error("no") } }' },
  )
}

describe('docs/control-api.md', () => {
  it('names every request that there is', () => {
    const nothing = { node: undefined } as unknown as ControlledNode
    const { app } = controlApi({
      ...nothing,
      node: { counters: {} } as ControlledNode['node'],
      payloadBytesMax: () => 0,
    })
    const routes = app.routes.map(({ method, path }) => `${method} ${path}`)
    const rows = tableRows(sectionOf(PAGE, '## Requests'), ['request', 'does'])
    expect(rows.map(([request]) => request)).toEqual(routes)
  })

  it('names every key of a status, of what is missing, and of a link', async () => {
    const running = await node()
    const status = await running.until<Record<string, object[]>>(
      '/v1/status',
      ({ missing }) => (missing?.length ?? 0) > 0,
    )
    expect(namesOf('## Status', 'key')).toEqual(Object.keys(status))
    const missing = tableRows(sectionOf(PAGE, '## Status'), ['key']).find(
      ([key]) => key === 'missing',
    )
    expect([...(missing?.[1] ?? '').matchAll(/"(\w+)"/g)].map(([, key]) => key)).toEqual(
      Object.keys(status['missing']?.[0] ?? {}),
    )
    expect(namesOf('## A link', 'key').sort()).toEqual(
      Object.keys(status['links']?.[0] ?? {}).sort(),
    )
  })

  it('names every key of what became of a message', async () => {
    const running = await node()
    const { json } = await running.ask('POST', '/v1/send', {
      payload: 'x',
      to: 'gone',
      timeout: '50ms',
    })
    expect(namesOf('## Sending', 'key')).toEqual(Object.keys(json as object))
    const [copy] = (json as { copies: object[] }).copies
    const shown = /`copies` \| .*?`\{ (.*?) \}`/.exec(PAGE)?.[1]
    expect(shown).toBe(
      Object.keys(copy ?? {})
        .map((key) => `"${key}"`)
        .join(', '),
    )
  })

  it('names every type of event, and the keys of those that are its own', async () => {
    const running = await node()
    const rows = tableRows(sectionOf(PAGE, '## Events'), ['`type`', 'keys'])
    const types = rows.flatMap(([cell = '']) => cell.split(', '))
    expect(types.sort()).toEqual([...EVENT_TYPES, 'ready', 'gap', 'end'].sort())
    const [parameters = ''] = tableRows(sectionOf(PAGE, '## Events'), ['parameter']).map(
      ([, text]) => text,
    )
    for (const type of EVENT_TYPES) expect(parameters).toContain(type)

    const events = running.events(`?types=${EVENT_TYPES.join(',')}&payload=base64`)
    await events.until(({ events }) => events.length > 0)
    const peer = await FramedPeer.connect(running.port)
    peer.send('text')
    await FramedPeer.connect(running.port, '127.0.0.1', '127.0.0.9')
    await running.ask('POST', '/v1/send', { payload: 'x' })
    const wanted = ['ready', 'warning', 'message', 'link', 'rejected', 'audit']
    await events.until((client) => wanted.every((type) => typesOf(client).includes(type)))
    for (const { type, ...rest } of events.events) {
      const [, keys = ''] = rows.find(([cell]) => cell === type) ?? []
      if (keys === '' || type === 'link') continue
      const known = /[a-z]\w*/gi
      expect(keys.match(known), String(type)).toEqual(expect.arrayContaining(Object.keys(rest)))
    }
    await running.stop()
    await events.until((client) => typesOf(client).includes('end'))
  })

  it('names the limits as they are', () => {
    const rows = new Map(
      tableRows(sectionOf(PAGE, '## Limits for clients'), ['limit']).map(
        ([limit = '', value = '']) => [limit, value],
      ),
    )
    expect(Object.fromEntries(rows)).toEqual({
      connections: String(CONTROL_LIMITS.connections),
      'event streams': String(CONTROL_LIMITS.eventStreams),
      'headers of a request': `${String(CONTROL_LIMITS.headerBytes / 1024)} KiB`,
      'body of a request': '64 KiB, plus 6 times the largest payload',
      'time from the first byte of a request to its last': seconds(CONTROL_LIMITS.requestMs),
      'idle time of a connection, except event streams': seconds(CONTROL_LIMITS.idleMs),
      'requests of one connection that wait for the response before them': String(
        CONTROL_LIMITS.pipelinedRequests,
      ),
      'time to read a response, except event streams': seconds(CONTROL_LIMITS.responseMs),
      'texts of the metrics that clients have not read': String(CONTROL_LIMITS.unreadTexts),
      'time in which a client of an event stream reads nothing although events wait': seconds(
        CONTROL_LIMITS.eventStallMs,
      ),
      'events that wait for a client': `${String(CONTROL_LIMITS.eventBytes / 1024 / 1024)} MiB`,
      'messages in an event stream': `${CONTROL_LIMITS.messagesPerSecond.toLocaleString('en').replace(',', ' ')} per second`,
      'time to wait for an outcome': seconds(CONTROL_LIMITS.sendMs),
    })
  })
})

function typesOf({ events }: RawClient): unknown[] {
  return events.map(({ type }) => type)
}

function seconds(ms: number): string {
  return `${String(ms / 1000)} s`
}
