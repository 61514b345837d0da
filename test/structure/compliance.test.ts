import type { ReconnectStrategy, SendRouter, Transport } from '@commloop/core'
import type { RouterFactory } from '@commloop/router-plugin-api'
import {
  reconnectStrategyCompliance,
  sendRouterCompliance,
  transportCompliance,
} from '@commloop/testing/compliance'
import { describe, expect, it } from 'vitest'
import { removeTestFoldersAfterEach } from '@commloop/test-support/test-folder'
import { namedBlocks } from './page.js'
import { importFrom, pageFolder } from './page-run.js'
import { codeUnder, filesUnder, packageFolders, pathOf, textOf } from './source-tree.js'

removeTestFoldersAfterEach()

/** A module from a page. */
async function pageModule<Module>(page: string, file: string): Promise<Module> {
  const blocks = [...namedBlocks(textOf(`docs/${page}.md`))].map(([name, [code = '']]) => [
    name,
    code,
  ])
  return importFrom<Module>(pageFolder(Object.fromEntries(blocks) as Record<string, string>), file)
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
/** The suite needs the name of each router in this file. */
const BY_TAG = {
  'by-tag.mjs': 'by-tag.mjs of the page',
  'by-tag-checked.mjs': 'by-tag-checked.mjs of the page',
}

for (const [file, name] of Object.entries(BY_TAG)) {
  sendRouterCompliance(
    name,
    async () => {
      const module = await pageModule<{ readonly default: RouterFactory }>('writing-a-router', file)
      return module.default.create({ fallback: 'mes' })
    },
    {
      table: [{ id: 'furnace' }, { id: 'mes' }],
      payloads: texts('f', 'm', 'x'),
      relays: 'nothing',
    },
  )
}

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

sendRouterCompliance(
  'examples/telegram-router',
  () => exampleRouter('telegram-router', { ids: { AA: 'mes', FU: 'furnace' } }),
  {
    table: [{ id: 'mes' }, { id: 'furnace' }, { id: 'plant', slots: 3 }],
    payloads: texts(...['AA01', 'FU01', 'ZZ01'].map((id) => `0041${id}${' '.repeat(32)}x`)),
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

// ── no implementation is missing ───────────────────────────────────────────────────────────────────────────────────────

const SUITES: Readonly<Record<string, string>> = {
  Transport: 'transportCompliance(',
  FrameCodec: 'frameCodecCompliance(',
  ReconnectStrategy: 'reconnectStrategyCompliance(',
  SendRouter: 'sendRouterCompliance(',
  Journal: 'journalCompliance(',
  Storage: 'storageCompliance(',
}
const CLASS =
  /^export class (\w+) implements .*?\b(Transport|FrameCodec|ReconnectStrategy|SendRouter|Journal|Storage)\b/gm

interface Implementation {
  readonly name: string
  readonly contract: string
}

/** Wrappers that observe a part of a node, and parts that misbehave on purpose. They need not pass a suite. */
const SIMULATOR = 'packages/testing/src/simulator/'

function implementations(): Implementation[] {
  const sources = packageFolders()
    .flatMap((folder) => codeUnder(`packages/${folder}/src`))
    .filter((path) => !path.startsWith(SIMULATOR))
  return sources.flatMap((path) =>
    [...textOf(path).matchAll(CLASS)].map(([, name = '', contract = '']) => ({ name, contract })),
  )
}

describe('every implementation passes the suite of its contract', () => {
  const tests = [...filesUnder('packages'), ...filesUnder('test')]
    .filter((path) => path.endsWith('compliance.test.ts'))
    .map((path) => textOf(path))

  it('are found by this test', () => {
    const names = implementations().map(({ name }) => name)
    expect(names).toEqual(
      expect.arrayContaining(['TcpTransport', 'Len16Codec', 'ExponentialBackoff', 'DirectRouter']),
    )
  })

  it('of the packages', () => {
    const forgotten = implementations().filter(({ name, contract }) => {
      const suite = SUITES[contract] ?? contract
      return !tests.some((text) => text.includes(suite) && text.includes(`new ${name}(`))
    })
    expect(forgotten).toEqual([])
  })

  it('of the examples and the pages', () => {
    const own = textOf('test/structure/compliance.test.ts')
    const examples = filesUnder('examples').filter((path) => path.endsWith('/router.mjs'))
    const routers = [...namedBlocks(textOf('docs/writing-a-router.md'))]
      .filter(([, [code = '']]) => code.includes('defineRouter({'))
      .map(([name]) => `'${name} of the page'`)
    const names = [...routers, ...examples.map((path) => `'${path.replace('/router.mjs', '')}'`)]
    expect(names.length).toBeGreaterThan(6)
    expect(names.filter((name) => !own.includes(name))).toEqual([])
  })
})
