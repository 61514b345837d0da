import { spawn } from 'node:child_process'
import { afterEach, describe, expect, it } from 'vitest'
import { freePort } from '@commloop/test-support/free-port'
import { cleanUpAfterEach } from '../e2e/clean-up.js'
import { RunningNode } from '../e2e/running-node.js'
import { eventually } from '../peer/eventually.js'
import { RawPeer } from '../peer/raw-peer.js'
import { codeBlocks, namedBlocks, withoutCode } from './page.js'
import { onLoopback, pageFolder } from './page-run.js'
import { textOf } from './source-tree.js'

cleanUpAfterEach()

const ENGLISH = textOf('README.md')
const CHINESE = textOf('README.zh-CN.md')
const BLOCKS = namedBlocks(ENGLISH)
const [NORTH = '', SOUTH = ''] = BLOCKS.get('.commlooprc') ?? []
const [ROUTER = ''] = BLOCKS.get('router.mjs') ?? []
const [ECHO = ''] = BLOCKS.get('echo.mjs') ?? []

/** The parts of a page that do not depend on its language. */
function shapeOf(text: string): Readonly<Record<string, unknown>> {
  const prose = withoutCode(text)
  const matches = (pattern: RegExp): string[] =>
    [...prose.matchAll(pattern)].map(([, found = '']) => found)
  return {
    headings: matches(/^(#+) /gm),
    // The order of words within a sentence may differ in Chinese.
    inlineCode: matches(/`([^`\n]+)`/g).sort(),
    links: matches(/\]\(([^)]+)\)/g)
      .map((target) => target.replace('README.zh-CN.md', 'README.md'))
      .sort(),
    listItems: matches(/^(-) /gm).length,
    tables: prose
      .split(/\n{2,}/)
      .filter((part) => part.startsWith('|'))
      .map((table) => table.trim().split('\n').length),
    numbers: matches(/(\d[\d  ]*(?:\.\d+)?)/g)
      .map((number) => number.trim())
      .sort(),
  }
}

describe('README.zh-CN.md', () => {
  it('has the same code as README.md, block by block', () => {
    expect(codeBlocks(ENGLISH).length).toBeGreaterThan(8)
    expect(codeBlocks(CHINESE)).toEqual(codeBlocks(ENGLISH))
  })

  it('has the same headings, lists, tables, links, names and numbers', () => {
    expect(shapeOf(CHINESE)).toEqual(shapeOf(ENGLISH))
  })

  it('is in Chinese in every section', () => {
    const sections = withoutCode(CHINESE).split(/^#+ .*$/m)
    const prose = sections.filter((section) => section.trim() !== '')
    expect(prose.length).toBeGreaterThan(8)
    for (const section of prose) expect(section).toMatch(/\p{Script=Han}{6}/u)
  })
})

/** The tables of both machines, on loopback, with a free port. */
async function tables(): Promise<{ north: string; south: string }> {
  const port = String(await freePort())
  const [north, south] = [NORTH, SOUTH].map((table) => onLoopback(table).replace('8000', port))
  return { north: north ?? '', south: `bind: 127.168.0.2\n${south ?? ''}` }
}

describe('README.md', () => {
  it('has two tables with which two nodes exchange messages', async () => {
    const { north, south } = await tables()
    const northNode = await RunningNode.start(north)
    const southNode = await RunningNode.start(south)
    southNode.send('hello', { to: 'north' })
    await northNode.received('south', 1)
    northNode.send('hello yourself', { to: 'south' })
    await southNode.received('north', 1)
    expect(northNode.texts('south')).toEqual(['hello'])
    expect(southNode.texts('north')).toEqual(['hello yourself'])
  })

  it('has a line for a script that ends when its message was written', async () => {
    const { north, south } = await tables()
    const northNode = await RunningNode.start(north)
    const southNode = await RunningNode.start(south)
    const line = /^echo '(.+)' \|/m.exec(ENGLISH)?.[1] ?? ''
    southNode.process.write(`${line}\n`)
    southNode.process.endInput()
    expect((await southNode.ended()).status.code).toBe(0)
    expect(northNode.texts('south')).toEqual(['hello'])
  })

  it('has a router of ten lines that works as described', async () => {
    expect(ROUTER.trim().split('\n').length).toBeLessThanOrEqual(12)
    const { north } = await tables()
    const table = `router: ./router.mjs\n${north}  - { id: west, role: passive, ip: 127.168.0.3 }\n`
    const folder = pageFolder({ '.commlooprc': table, 'router.mjs': ROUTER })
    const node = await RunningNode.startIn(folder)
    node.send('early')
    const south = await RawPeer.dial({ from: '127.168.0.2', host: '127.168.0.1', port: node.port })
    await south.received(1)
    const west = await RawPeer.dial({ from: '127.168.0.3', host: '127.168.0.1', port: node.port })
    await node.link('west', 'up')
    node.send('! fire')
    node.send('as usual')
    await south.received(3)
    await west.received(1)
    expect(south.texts).toEqual(['early', '! fire', 'as usual'])
    expect(west.texts).toEqual(['! fire'])
  })

  const children: { kill: (signal: 'SIGKILL') => boolean }[] = []
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })

  it('has a program of ten lines that answers, and ends when it is asked to', async () => {
    expect(ECHO.trim().split('\n').length).toBeLessThanOrEqual(12)
    const port = await freePort()
    const folder = pageFolder({ 'echo.mjs': ECHO.replace('8000', String(port)) })
    const child = spawn(process.execPath, ['echo.mjs'], { cwd: folder })
    children.push(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    }
    const exit = new Promise((resolve) => child.once('exit', resolve))
    await eventually(
      'the program to wait',
      () => output.includes('client/8 awaiting'),
      () => output,
    )
    const peer = await RawPeer.dial({ port })
    await peer.send('hello')
    await peer.received(1)
    expect(peer.texts).toEqual(['hello'])
    peer.finish()
    child.kill('SIGINT')
    expect(await exit, output).toBe(0)
    expect(output).toContain('client/1 up')
  })
})
