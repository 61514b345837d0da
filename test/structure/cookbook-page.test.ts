import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { FRAMINGS } from '@commloop/framings'
import { runCli } from '@commloop/test-support/cli-process'
import { describe, expect, it, onTestFinished } from 'vitest'
import { cleanUpAfterEach } from '../e2e/clean-up.js'
import { RunningNode } from '../e2e/running-node.js'
import { type Pdu, smpp } from '../interop/smpp-package.js'
import { eventually } from '../peer/eventually.js'
import { codeBlocks, namedBlocks, tableRows } from './page.js'
import { pageFolder } from './page-run.js'
import { textOf } from './source-tree.js'

cleanUpAfterEach()

const PAGE = textOf('docs/cookbook.md')
const CHINESE = textOf('docs/zh-CN/cookbook.md')
const RECIPES = namedBlocks(PAGE)
const OPENINGS = ['smpp-bind', 'iec104-startdt', 'jt808-register'].map((name) => `${name}.mjs`)

/** A folder with one recipe as its configuration, and the openings that recipes name. */
function recipeFolder(name: string, changes: Readonly<Record<string, string>> = {}): string {
  const [recipe = ''] = RECIPES.get(name) ?? []
  const table = Object.entries(changes).reduce((text, [from, to]) => text.replace(from, to), recipe)
  const openings = OPENINGS.map((file): [string, string] => [
    file,
    textOf(`examples/openings/${file}`),
  ])
  return pageFolder(Object.fromEntries([['.commlooprc', table], ...openings]))
}

async function portOf(server: Server, sockets = new Set<Socket>()): Promise<string> {
  server.on('connection', (socket) => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  await once(server, 'listening')
  return String((server.address() as AddressInfo).port)
}

describe('docs/cookbook.md', () => {
  it('has no code but complete configurations, each under its own name', () => {
    const blocks = codeBlocks(PAGE)
    expect(blocks.length).toBeGreaterThan(10)
    expect(blocks.every(({ language }) => language === 'yaml')).toBe(true)
    expect(RECIPES.size).toBe(blocks.length)
  })

  it.each([...RECIPES.keys()])('has %s, which check accepts without a warning', async (name) => {
    const env = { JT808_SECRET: 'x', SMPP_PASSWORD: 'x' }
    const { code, stdout, stderr } = await runCli(['check'], { cwd: recipeFolder(name), env })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('.commlooprc is valid')
    expect(stdout).not.toContain('Warnings')
  })

  it('opens S7 to a controller, and the link is up after its second answer', async () => {
    const heard: string[] = []
    const answers = [
      '0300000b06d00001000500',
      '0300001b02f080320300000000000800000000f0000001000100f0',
    ]
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.on('data', (chunk: Buffer) => {
        const answer = answers[heard.length]
        heard.push(chunk.toString('hex'))
        if (answer !== undefined) socket.write(Buffer.from(answer, 'hex'))
      })
    })
    const changes = { '192.168.0.10': '127.0.0.1', 'port: 102': `port: ${await portOf(server)}` }
    const node = await RunningNode.startIn(recipeFolder('s7.yaml', changes))
    await node.link('press', 'up')
    expect(heard).toEqual([
      '0300001611e00000000100c0010ac1020100c2020102',
      '0300001902f08032010000000000080000f0000001000101e0',
    ])
  })

  it('passes on the requests of a Modbus master, and the answers, on one connection after another', async () => {
    const heard: string[] = []
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.on('data', (chunk: Buffer) => {
        heard.push(chunk.toString('hex'))
        socket.write(Buffer.from('0001000000050103021234', 'hex'))
      })
    })
    const changes = {
      '0.0.0.0, port: 502': '127.0.0.1, port: 0',
      '192.168.0.20': '127.0.0.1',
      '192.168.0.10, port: 502': `127.0.0.1, port: ${await portOf(server)}`,
    }
    const node = await RunningNode.startIn(recipeFolder('modbus-tcp.yaml', changes))
    await node.link('furnace', 'up')
    for (const times of [1, 2]) {
      const master = connect(node.port, '127.0.0.1')
      master.write(Buffer.from('000100000006010300000001', 'hex'))
      const [answer] = (await once(master, 'data')) as [Buffer]
      expect(answer.toString('hex')).toBe('0001000000050103021234')
      expect(heard).toHaveLength(times)
      master.destroy()
    }
    expect(new Set(heard)).toEqual(new Set(['000100000006010300000001']))
  })

  it('binds to the server of the npm package smpp', async () => {
    const bound: (string | undefined)[] = []
    const server = smpp.createServer((session) => {
      session.on('error', () => undefined)
      session.on('bind_transceiver', (pdu: Pdu) => {
        bound.push(pdu.system_id)
        session.send(pdu.response())
      })
    })
    const changes = {
      'smsc.example': '127.0.0.1',
      'port: 2775': `port: ${await portOf(server)}`,
      '${SMPP_PASSWORD}': 'secret',
    }
    const node = await RunningNode.startIn(recipeFolder('smpp.yaml', changes))
    await node.link('smsc', 'up')
    await eventually('the bind', () => bound.length === 1)
    expect(bound).toEqual(['plant'])
  })
})

describe('docs/zh-CN/cookbook.md', () => {
  it('has the configurations of the English page', () => {
    const recipes = namedBlocks(CHINESE)
    expect(recipes.size).toBe(codeBlocks(CHINESE).length)
    expect(recipes.size).toBeGreaterThan(4)
    for (const [name, blocks] of recipes) expect(blocks, name).toEqual(RECIPES.get(name))
  })

  it('lists framings with their Chinese titles', () => {
    const [, table = ''] =
      /<!-- framings: begin -->([^]*?)<!-- framings: end -->/.exec(CHINESE) ?? []
    const shown = tableRows(table, ['名称', '帧', '出处'])
    const names = new Set(shown.map(([name]) => name))
    const rows = FRAMINGS.filter(({ name }) => names.has(name))
    expect(new Set(shown.map((row) => row.join('|')))).toEqual(
      new Set(rows.map(({ name, titleZh, source }) => [name, titleZh, source].join('|'))),
    )
    for (const name of ['hj212', 'jt808', 'gb32960', 'dlt645', 'gdw376', 'cjt188', 'dlt698']) {
      expect(names).toContain(name)
    }
  })
})
