import type { ReconnectStrategy, SendRouter, Transport } from '@commloop/core'
import type { RouterFactory } from '@commloop/router-plugin-api'
import {
  reconnectStrategyCompliance,
  sendRouterCompliance,
  transportCompliance,
} from '@commloop/testing/compliance'
import { removeTestFoldersAfterEach } from '../../packages/cli/test/test-folder.js'
import { namedBlocks } from './page.js'
import { importFrom, pageFolder } from './page-run.js'
import { pathOf, textOf } from './source-tree.js'

removeTestFoldersAfterEach()

/** A module that stands in a page. */
async function pageModule<Module>(page: string, file: string): Promise<Module> {
  const [code = ''] = namedBlocks(textOf(`docs/${page}.md`)).get(file) ?? []
  return importFrom<Module>(pageFolder({ [file]: code }), file)
}

async function pageRouter(file: string): Promise<SendRouter> {
  const module = await pageModule<{ readonly default: SendRouter }>('writing-a-router', file)
  return module.default
}

async function exampleRouter(example: string, options: object = {}): Promise<SendRouter> {
  const path = pathOf(`examples/${example}/router.mjs`)
  const module = (await import(path)) as { readonly default: RouterFactory }
  return module.default.create({ ...options })
}

function texts(...all: readonly string[]): readonly Uint8Array[] {
  return all.map((text) => Buffer.from(text))
}

// ── pages ─────────────────────────────────────────────────────────────────────────────────────────────────────

const PLANT = [{ id: 'furnace' }, { id: 'cell', slots: 4 }]

sendRouterCompliance('router.mjs of the page', () => pageRouter('router.mjs'), {
  table: PLANT,
  payloads: texts('F1', 'C1'),
  relays: 'nothing',
})
sendRouterCompliance('every-answer.mjs of the page', () => pageRouter('every-answer.mjs'), {
  table: PLANT,
  payloads: texts('link', 'position', 'slot', 'all', 'several', 'reply', 'drop', 'defer', 'later'),
  relays: 'anywhere',
})
sendRouterCompliance('by-directory.mjs of the page', () => pageRouter('by-directory.mjs'), {
  table: PLANT,
  payloads: texts('P7 first', 'P8 second'),
  relays: 'nothing',
})
sendRouterCompliance('echo.mjs of the page', () => pageRouter('echo.mjs'), { relays: 'anywhere' })
sendRouterCompliance(
  'by-tag.mjs of the page',
  async () => {
    const module = await pageModule<{ readonly default: RouterFactory }>(
      'writing-a-router',
      'by-tag.mjs',
    )
    return module.default.create({ fallback: 'mes' })
  },
  { table: [{ id: 'furnace' }, { id: 'mes' }], payloads: texts('f', 'm', 'x'), relays: 'nothing' },
)

const { Steady } = await pageModule<{
  readonly Steady: new (everyMs: number) => ReconnectStrategy
}>('writing-a-reconnect-strategy', 'steady.mjs')
reconnectStrategyCompliance('steady.mjs of the page', new Steady(1000))

transportCompliance('in-process.mjs of the page', async () => {
  const { InProcessTransport } = await pageModule<{
    readonly InProcessTransport: new () => Transport
  }>('writing-a-transport', 'in-process.mjs')
  return {
    dialing: new InProcessTransport(),
    listening: new InProcessTransport(),
    ip: '10.0.0.1',
    bind: '10.0.0.2',
  }
})

// ── examples ──────────────────────────────────────────────────────────────────────────────────────────────────

const KINDS = { temp: 'climate', volt: 'power' }

sendRouterCompliance(
  'examples/custom-router',
  () => exampleRouter('custom-router', { kinds: KINDS, default: 'archive' }),
  {
    table: [{ id: 'climate' }, { id: 'power' }, { id: 'archive' }, { id: 'sensor', slots: 3 }],
    payloads: texts('temp 21.5', 'volt 230', 'noise 40', 'alarm smoke', 'ping'),
    relays: 'anywhere',
  },
)

/** A query for the address of `a`, and the answer to it that has none. */
const DNS = [
  '000701000001000000000000016100000100 01',
  '000781800001000000000000016100000100 01',
].map((hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex'))

sendRouterCompliance('examples/dns-relay', () => exampleRouter('dns-relay'), {
  table: [{ id: 'upstream' }, { id: 'client', slots: 4 }],
  payloads: DNS,
})
