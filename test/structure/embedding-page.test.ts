import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { runCli } from '@commloop/test-support/cli-process'
import { ask } from '@commloop/test-support/control-node'
import { freePort } from '@commloop/test-support/free-port'
import { cleanUpAfterEach } from '../e2e/clean-up.js'
import { eventually } from '../peer/eventually.js'
import { RawPeer } from '../peer/raw-peer.js'
import { codeBlocks, namedBlocks, sectionOf, tableRows } from './page.js'
import { pageFolder } from './page-run.js'
import { textOf } from './source-tree.js'

cleanUpAfterEach()

const PAGE = textOf('docs/embedding.md')
const README = textOf('packages/control/README.md')
const PROGRAM = textOf('examples/embedded-node/embedded-node.mjs')
const TOKEN = 'a token of the test'
const AUTHORIZED = { Authorization: `Bearer ${TOKEN}` }

const children: ChildProcess[] = []
const folders: string[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

interface RunningProgram {
  readonly nodePort: number
  readonly http: { readonly host: string; readonly port: number }
  readonly socket: string
  readonly cwd: string
  readonly child: ChildProcess
  readonly output: () => string
}

async function start(program: string): Promise<RunningProgram> {
  const nodePort = await freePort()
  const httpPort = await freePort()
  // A short path, because that of a socket may have at most 107 bytes.
  const socketFolder = mkdtempSync(join(tmpdir(), 'cml-'))
  folders.push(socketFolder)
  const socket = join(socketFolder, 'run/control.sock')
  const cwd = pageFolder({
    'app.mjs': program
      .replace("'run/control.sock'", JSON.stringify(socket))
      .replace('port: 8020', `port: ${String(nodePort)}`)
      .replace('port: 9464', `port: ${String(httpPort)}`),
  })
  const env = { ...process.env, TOKEN, NODE_PORT: String(nodePort), HTTP_PORT: String(httpPort) }
  const child = spawn(process.execPath, ['app.mjs'], { cwd, env })
  children.push(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  }
  const http = { host: '127.0.0.1', port: httpPort }
  const answers = () => ask(http, 'GET', '/').catch(() => undefined)
  await expect.poll(answers, { timeout: 20_000, message: output }).toBeDefined()
  return { nodePort, http, socket, cwd, child, output: () => output }
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  return await new Promise((resolve) => child.once('exit', resolve))
}

describe('docs/embedding.md', () => {
  it('shows the program of examples/embedded-node', () => {
    expect(codeBlocks(PAGE)).toHaveLength(1)
    expect(namedBlocks(PAGE).get('embedded-node.mjs')).toEqual([PROGRAM])
  })

  it('has a program that serves the API and metrics on TCP for clients with the token', async () => {
    const { http, nodePort, child, output } = await start(PROGRAM)
    const peer = await RawPeer.dial({ port: nodePort })
    await peer.send('21.5')
    await eventually('the message', () => output().includes('sensor 21.5'), output)

    const status = await ask(http, 'GET', '/v1/status', undefined, AUTHORIZED)
    expect(status.json).toMatchObject({ node: 'press', version: '1.0.0', ok: true, pid: child.pid })
    const metrics = await ask(http, 'GET', '/metrics', undefined, AUTHORIZED)
    expect(metrics.text).toContain('commloop_link_up{link="sensor"} 1\n')

    for (const path of ['/v1/status', '/metrics', '/v1/events', '/nothing']) {
      for (const headers of [{}, { Authorization: 'Bearer another token' }]) {
        const refused = await ask(http, 'GET', path, undefined, headers)
        expect(refused.status, path).toBe(401)
        expect(refused.json).toMatchObject({ error: { code: 'CML_ERR_CONTROL_REFUSED' } })
      }
    }
    const send = await ask(http, 'POST', '/v1/send', { payload: 'x', to: 'sensor' })
    expect(send.status).toBe(401)
    peer.finish()
    const ended = exitOf(child)
    child.kill('SIGTERM')
    expect(await ended, output()).toBe(0)
  })

  it('has a program that serves the API on a socket, also for the commands', async () => {
    const { socket, cwd, child, output } = await start(PROGRAM)
    await eventually('the socket', () => output().includes(socket), output)
    for (const path of ['/v1/status', '/v1/metrics', '/metrics']) {
      expect((await ask({ socketPath: socket }, 'GET', path)).status, path).toBe(200)
    }
    const reload = await ask({ socketPath: socket }, 'POST', '/v1/reload')
    expect(reload.status).toBe(409)
    const { stdout, code } = await runCli(['status', '--control', socket], { cwd })
    // The sensor has not dialled yet; it is missing only after 30 s.
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('press') as string,
    })
    const ended = exitOf(child)
    child.kill('SIGINT')
    expect(await ended, output()).toBe(0)
  })

  it('names every import of the package', () => {
    const { exports } = JSON.parse(textOf('packages/control/package.json')) as { exports: object }
    const imports = Object.keys(exports)
      .filter((key) => key !== './package.json')
      .map((key) => `@commloop/control${key.slice(1)}`)
    for (const rows of [
      tableRows(sectionOf(PAGE, '## Parts of the package'), ['import']),
      tableRows(README, ['import']),
    ]) {
      expect(rows.map(([name]) => name).sort()).toEqual(imports.sort())
    }
  })
})

describe('packages/control/README.md', () => {
  it('has a program that serves the API', async () => {
    const [program = ''] = codeBlocks(README)
      .filter(({ language }) => language === 'js')
      .map(({ code }) => code)
    const { http, socket, child, output } = await start(program)
    const { json } = await ask(http, 'GET', '/v1/links', undefined, AUTHORIZED)
    expect(json).toMatchObject({ links: [{ id: 'sensor' }] })
    expect((await ask({ socketPath: socket }, 'GET', '/v1/links')).status).toBe(200)
    expect((await ask(http, 'GET', '/v1/links')).status).toBe(401)
    const ended = exitOf(child)
    child.kill('SIGINT')
    expect(await ended, output()).toBe(0)
  })
})
