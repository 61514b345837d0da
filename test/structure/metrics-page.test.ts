import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { LinkStatus } from '@commloop/control'
import { DIAGNOSTIC_CHANNELS, METRIC_FAMILIES } from '@commloop/metrics'
import { endCliProcessesAfterEach } from '@commloop/test-support/cli-process'
import { ControlNode } from '@commloop/test-support/control-node'
import { closePeersAfterEach, FramedPeer } from '@commloop/test-support/framed-peer'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'
import { namedBlocks, sectionOf, tableRows } from './page.js'
import { textOf } from './source-tree.js'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()
closePeersAfterEach()

const PAGE = textOf('docs/metrics.md')
const DASHBOARD = textOf('examples/grafana/commloop.json')
const NAMES: readonly string[] = METRIC_FAMILIES.map(({ name }) => name)

/** Metrics and their labels in a query of Prometheus. */
function usesOf(query: string): { name: string; labels: string[] }[] {
  return [...query.matchAll(/\b((?:commloop|process)_\w+)(?:\{([^}]*)\})?/g)].map(
    ([, name = '', selector = '']) => ({
      name,
      labels: [...selector.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)].map(([, label = '']) => label),
    }),
  )
}

/** The parts of a query that do not exist. Prometheus adds `instance` and `job`. */
function mistakesIn(query: string): string[] {
  const uses = usesOf(query)
  if (uses.length === 0) return [`no metric in ${query}`]
  return uses.flatMap(({ name, labels }) => {
    const family = METRIC_FAMILIES.find((candidate) => candidate.name === name)
    if (family === undefined) return [`no metric ${name} in ${query}`]
    const known = [...family.labels, 'instance', 'job']
    return labels
      .filter((label) => !known.includes(label))
      .map((label) => `no label ${label} of ${name}`)
  })
}

describe('docs/metrics.md', () => {
  it('names every metric with type, unit, labels and meaning', () => {
    const rows = tableRows(sectionOf(PAGE, '## The metrics'), ['metric', 'type', 'unit'])
    expect(rows).toEqual(
      METRIC_FAMILIES.map(({ name, type, unit, labels, help }) => [
        name,
        type,
        unit,
        labels.join(', '),
        help.replaceAll('`', ''),
      ]),
    )
  })

  it('has the units that the names of the metrics contain', () => {
    for (const { name, unit } of METRIC_FAMILIES) {
      if (unit === 'seconds' || unit === 'bytes') expect(name).toContain(`_${unit}`)
    }
  })

  it('has queries of metrics and labels that there are', () => {
    const queries = tableRows(sectionOf(PAGE, '## What to watch'), ['question']).map(
      ([, query = '']) => query,
    )
    expect(queries.length).toBeGreaterThan(5)
    expect(queries.flatMap(mistakesIn)).toEqual([])
    expect(mistakesIn('rate(commloop_link_down{link="x"}[5m])')).toEqual([
      'no metric commloop_link_down in rate(commloop_link_down{link="x"}[5m])',
    ])
    expect(mistakesIn('commloop_link_up{state="up"}')).toEqual([
      'no label state of commloop_link_up',
    ])
  })

  it('states how many lines each link adds', async () => {
    const slots = 40
    const table = (count: number) => ({
      listen: { host: '127.0.0.1', port: 0 },
      links: [{ id: 'x', role: 'passive', ip: '0.0.0.0', slots: count }],
    })
    const linesOf = async (config: object): Promise<number> => {
      const node = await ControlNode.start(config)
      return (await node.ask('GET', '/v1/metrics')).text.split('\n').length
    }
    const perLink = ((await linesOf(table(slots + 10))) - (await linesOf(table(10)))) / slots
    // Links that are dialled have three lines more.
    expect(Number(/How many lines\?\*\* (\d+) for each link/.exec(PAGE)?.[1])).toBe(perLink)
  })

  it('names every channel', () => {
    const rows = tableRows(sectionOf(PAGE, '## Diagnostic channels, and OpenTelemetry'), [
      'channel',
    ])
    expect(rows.map(([name]) => name).sort()).toEqual(Object.values(DIAGNOSTIC_CHANNELS).sort())
  })

  it('has a module for OpenTelemetry that counts what passes', async () => {
    const [code = ''] = namedBlocks(PAGE).get('commloop-otel.mjs') ?? []
    const folder = testFolder({ 'commloop-otel.mjs': code })
    // The part of the API that the module uses; it records its calls.
    const api = join(folder, 'node_modules/@opentelemetry/api')
    mkdirSync(api, { recursive: true })
    writeFileSync(
      join(api, 'package.json'),
      '{"name":"@opentelemetry/api","type":"module","exports":"./index.js"}',
    )
    writeFileSync(
      join(api, 'index.js'),
      `const add = (name, unit) => (value, attributes) =>
         process.stderr.write(JSON.stringify({ level: 'x', msg: name, unit, value, ...attributes }) + '\\n')
       export const metrics = { getMeter: () => ({ createCounter: (name, { unit }) => ({ add: add(name, unit) }) }) }`,
    )
    const config = {
      node: 'plant',
      listen: { host: '127.0.0.1', port: 0 },
      links: [{ id: 'in', role: 'passive', ip: '127.0.0.1' }],
    }
    const node = await ControlNode.start(
      config,
      {},
      { nodeOptions: ['--import', join(folder, 'commloop-otel.mjs')] },
    )
    const peer = await FramedPeer.connect(node.port)
    await node.until<LinkStatus>('/v1/links/in', ({ state }) => state === 'up')
    peer.send('four')
    await node.ask('POST', '/v1/send', { payload: 'three', to: 'in' })
    const ofLink = { node: 'plant', link: 'in' }
    for (const expected of [
      { msg: 'commloop.link.changes', value: 1, state: 'up', ...ofLink },
      { msg: 'commloop.messages', unit: '{message}', value: 1, direction: 'received', ...ofLink },
      { msg: 'commloop.payload', unit: 'By', value: 4, direction: 'received', ...ofLink },
      { msg: 'commloop.messages', value: 1, direction: 'sent', ...ofLink },
      { msg: 'commloop.payload', value: 5, direction: 'sent', ...ofLink },
    ]) {
      await node.process.log((line) =>
        Object.entries(expected).every(([key, value]) => line[key] === value),
      )
    }
  })
})

describe('examples/grafana', () => {
  interface Panel {
    readonly id: number
    readonly title: string
    readonly gridPos: {
      readonly x: number
      readonly y: number
      readonly w: number
      readonly h: number
    }
    readonly targets: readonly { readonly expr: string }[]
  }
  const dashboard = JSON.parse(DASHBOARD) as {
    readonly panels: readonly Panel[]
    readonly templating: {
      readonly list: readonly { readonly name: string; readonly definition?: string }[]
    }
  }

  it('asks only for metrics and labels that there are', () => {
    const queries = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
    const definitions = dashboard.templating.list.flatMap(({ definition }) => definition ?? [])
    expect(queries.length).toBeGreaterThan(20)
    expect([...queries, ...definitions].flatMap(mistakesIn)).toEqual([])
    // Brackets that do not match are the other way in which a query is of no use.
    for (const query of queries) {
      for (const [open, close] of [
        ['(', ')'],
        ['{', '}'],
        ['[', ']'],
      ] as const) {
        expect(query.split(open).length, query).toBe(query.split(close).length)
      }
    }
    const legends = DASHBOARD.match(/(?<=\{\{)\w+(?=\}\})/g) ?? []
    const labels = new Set([...METRIC_FAMILIES.flatMap((family) => family.labels), 'instance'])
    expect(legends.filter((label) => !labels.has(label))).toEqual([])
  })

  it('uses only variables that it defines, and has panels that do not lie on each other', () => {
    const known = [...dashboard.templating.list.map(({ name }) => name), '__rate_interval', '__all']
    const used = [...DASHBOARD.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name)
    expect(used.filter((name) => !known.includes(name))).toEqual([])
    const ids = dashboard.panels.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const taken = new Map<string, string>()
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.get(`${String(x)},${String(y)}`), title).toBeUndefined()
          taken.set(`${String(x)},${String(y)}`, title)
        }
      }
    }
  })

  it('shows what every audit, outcome and queue is about', () => {
    for (const name of [
      'commloop_link_up',
      'commloop_audit_findings',
      'commloop_link_outcomes_total',
      'commloop_link_outbox_bytes',
      'commloop_rejected_connections_total',
      'commloop_event_loop_delay_seconds',
    ]) {
      expect(NAMES).toContain(name)
      expect(DASHBOARD).toContain(name)
    }
  })
})
