import { describe, expect, it } from 'vitest'
import { freePort } from '@commloop/test-support/free-port'
import { cleanUpAfterEach } from '../e2e/clean-up.js'
import { RunningNode } from '../e2e/running-node.js'
import { RawListener } from '../peer/raw-listener.js'
import { RawPeer } from '../peer/raw-peer.js'
import { codeBlocks, namedBlocks } from './page.js'
import { onLoopback, pageFolder, runProgram } from './page-run.js'
import { textOf } from './source-tree.js'

cleanUpAfterEach()

const PAGE = textOf('docs/writing-a-router.md')
const BLOCKS = namedBlocks(PAGE)
const [TABLE = '', TABLE_WITH_OPTIONS = ''] = BLOCKS.get('.commlooprc') ?? []
const FILES = Object.fromEntries(
  [...BLOCKS].filter(([name]) => name.endsWith('.mjs')).map(([name, [code = '']]) => [name, code]),
)

/** The table of the page, with free ports, and with another router if one is given. */
function tableOf(furnace: RawListener, router = './router.mjs'): string {
  return onLoopback(TABLE)
    .replace('port: 8000', 'port: 0')
    .replace('8001', String(furnace.port))
    .replace('./router.mjs', router)
}

interface Plant {
  readonly node: RunningNode
  readonly furnace: RawPeer
  readonly cells: readonly RawPeer[]
}

/** A node with the router of the page, the furnace that it dials, and two cells that dial it. */
async function plant(router?: string, top = ''): Promise<Plant> {
  const listener = await RawListener.open({ host: '127.168.0.2' })
  const folder = pageFolder({ ...FILES, '.commlooprc': top + tableOf(listener, router) })
  const node = await RunningNode.startIn(folder)
  const furnace = await listener.peer(1)
  await node.link('furnace', 'up')
  const cells: RawPeer[] = []
  for (const number of [1, 2]) {
    cells.push(await RawPeer.dial({ from: `127.168.4.${String(number)}`, port: node.port }))
    await node.link(`cell/${String(number)}`, 'up')
  }
  return { node, furnace, cells }
}

describe('docs/writing-a-router.md', () => {
  it('runs every block of code, because each has a name', () => {
    const nameless = codeBlocks(PAGE).filter(({ code }) => !/^(\/\/|#) \S+\n/.test(code))
    expect(nameless).toEqual([])
    expect(Object.keys(FILES).sort()).toEqual([
      'by-directory.mjs',
      'by-tag-checked.mjs',
      'by-tag.mjs',
      'echo.mjs',
      'every-answer.mjs',
      'in-code.mjs',
      'router-check.mjs',
      'router.mjs',
    ])
  })

  it('has a complete router that a node runs: by content, then to the link with the shortest queue', async () => {
    const { node, furnace, cells } = await plant()
    node.send('F hello')
    await furnace.received(1)
    node.send('C hello')
    await cells[0]?.received(1)
    expect(furnace.texts).toEqual(['F hello'])
    for (const cell of cells) cell.reset()
    await node.link('cell/1', 'awaiting', 1)
    await node.link('cell/2', 'awaiting', 1)
    node.send('C again', { id: 'again' })
    expect(await node.outcome('again')).toMatchObject({
      outcome: 'dropped',
      reason: 'no cell is up',
    })
  })

  it('tests the router as a function, with a test that can fail', () => {
    expect(runProgram(pageFolder(FILES), 'router-check.mjs')).toBe('')
    const broken = FILES['router.mjs']?.replace("'up'", "'awaiting'") ?? ''
    const folder = pageFolder({ ...FILES, 'router.mjs': broken })
    expect(() => runProgram(folder, 'router-check.mjs')).toThrow('router-check.mjs')
  })

  it('shows every possible answer', async () => {
    const { node, furnace, cells } = await plant('./every-answer.mjs')
    const toFurnace = ['link', 'position', 'several', 'defer', 'later']
    const toCells = { 1: ['all', 'several'], 2: ['slot', 'all', 'several'] }
    for (const name of ['link', 'position', 'slot', 'all', 'several', 'defer', 'later']) {
      node.send(name, { id: name })
    }
    node.send('drop', { id: 'drop' })
    node.send('reply', { id: 'reply' })
    node.send('nonsense', { id: 'nonsense' })

    await furnace.received(toFurnace.length)
    expect(furnace.texts.toSorted()).toEqual(toFurnace.toSorted())
    await cells[0]?.received(2)
    await cells[1]?.received(3)
    expect(cells.map(({ texts }) => texts)).toEqual([toCells[1], toCells[2]])
    expect(await node.outcome('drop')).toMatchObject({ outcome: 'dropped', reason: 'not wanted' })
    for (const name of ['reply', 'nonsense']) {
      const reason = 'no such answer'
      expect(await node.outcome(name)).toMatchObject({ outcome: 'dropped', reason })
    }
  })

  it('has a router that answers the first time later, and then immediately', async () => {
    const { node, furnace } = await plant('./by-directory.mjs')
    node.send('P7 first')
    await furnace.received(1)
    node.send('P7 second')
    node.send('P8 hello', { id: 'unknown' })
    await furnace.received(2)
    expect(furnace.texts).toEqual(['P7 first', 'P7 second'])
    const reason = 'unknown name P8'
    expect(await node.outcome('unknown')).toMatchObject({ outcome: 'dropped', reason })
  })

  it('has a router that reads options, and rejects unknown ones', async () => {
    const furnace = await RawListener.open({ host: '127.168.0.2' })
    const mes = await RawListener.open({ host: '127.168.0.3' })
    const table = onLoopback(TABLE_WITH_OPTIONS)
      .replace('8001', String(furnace.port))
      .replace('8002', String(mes.port))
    const node = await RunningNode.startIn(pageFolder({ ...FILES, '.commlooprc': table }))
    node.send('f is for furnace')
    node.send('other')
    const peers = [await furnace.peer(1), await mes.peer(1)]
    for (const peer of peers) await peer.received(1)
    expect(peers.map(({ texts }) => texts)).toEqual([['f is for furnace'], ['other']])

    const wrong = table.replace('fallback', 'fallbak')
    await expect(
      RunningNode.startIn(pageFolder({ ...FILES, '.commlooprc': wrong })),
    ).rejects.toThrow('unknown option "fallbak"')
  })

  it('checks an option against the table, before the node starts', async () => {
    const table = onLoopback(TABLE_WITH_OPTIONS)
      .replace('./by-tag.mjs', './by-tag-checked.mjs')
      .replace('fallback: mes', 'fallback: mess')
    await expect(
      RunningNode.startIn(pageFolder({ ...FILES, '.commlooprc': table })),
    ).rejects.toThrow('router.fallback: there is no entry "mess"')
  })

  it('has a router that sends received messages back to their sender', async () => {
    const { cells, furnace } = await plant('./echo.mjs', 'relay: true\n')
    await cells[1]?.send('ping')
    await cells[1]?.received(1)
    expect(cells[1]?.texts).toEqual(['ping'])
    expect([furnace.texts, cells[0]?.texts]).toEqual([[], []])
  })

  it('has a program that uses a router', async () => {
    const program = FILES['in-code.mjs']?.replace('8001', String(await freePort())) ?? ''
    const folder = pageFolder({ 'in-code.mjs': program })
    expect(runProgram(folder, 'in-code.mjs')).toBe('dropped nothing is wanted\n')
  })
})
