import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { freePort } from '@commloop/test-support/free-port'
import { runtimeFolder } from '@commloop/test-support/cli-process'
import { testFolder } from '@commloop/test-support/test-folder'
import { cleanUpAfterEach } from '../e2e/clean-up.js'
import { RunningNode } from '../e2e/running-node.js'
import { eventually } from '../peer/eventually.js'
import { RawPeer } from '../peer/raw-peer.js'
import { namedBlocks } from '../structure/page.js'
import { pathOf, textOf } from '../structure/source-tree.js'
import { installedPackages } from './installed-packages.js'
import { userEnvironment } from './tarballs.js'

cleanUpAfterEach()

const DEADLINE_MS = 30_000
const INSTALLED = await installedPackages()
const folder = INSTALLED ?? ''
const BIN = join(folder, 'node_modules', 'commloop', 'bin', 'commloop.js')

afterAll(() => {
  if (INSTALLED !== undefined) rmSync(INSTALLED, { recursive: true, force: true })
})

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

interface End {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function environment(): NodeJS.ProcessEnv {
  return { ...userEnvironment(), XDG_RUNTIME_DIR: runtimeFolder() }
}

function run(command: string, args: readonly string[], cwd = folder): End {
  const options = { cwd, encoding: 'utf8', timeout: DEADLINE_MS, env: environment() } as const
  const { status, stdout, stderr } = spawnSync(command, args, options)
  return { code: status, stdout, stderr }
}

/** A folder with these files, which sees the installed packages and nothing else. */
function userFolder(files: Readonly<Record<string, string>>): string {
  const made = testFolder({ 'package.json': '{ "private": true, "type": "module" }', ...files })
  symlinkSync(join(folder, 'node_modules'), join(made, 'node_modules'))
  return made
}

function commloop(args: readonly string[], cwd = folder): End {
  return run(process.execPath, [BIN, ...args], cwd)
}

describe.skipIf(INSTALLED === undefined)('packages that were installed from tarballs', () => {
  it('are installed once each, without packages that only tests need', () => {
    const copies = run('npm', ['ls', '@commloop/core', '--all', '--parseable'])
    expect(copies.code, copies.stdout).toBe(0)
    expect(copies.stdout.trim().split('\n')).toHaveLength(1)
    expect(existsSync(join(folder, 'node_modules', 'vitest'))).toBe(false)
  })

  it('run as `npx commloop`', () => {
    const { version } = JSON.parse(textOf('packages/cli/package.json')) as { version: string }
    expect(run('npx', ['--no', '--', 'commloop', '--version'])).toEqual({
      code: 0,
      stdout: `${version}\n`,
      stderr: '',
    })
  })

  it('write a first configuration, explain it, and do not overwrite it', () => {
    const cwd = userFolder({})
    expect(commloop(['init'], cwd)).toMatchObject({ code: 0, stderr: '' })
    const check = commloop(['check'], cwd)
    expect(check.code, check.stderr).toBe(0)
    expect(commloop(['init'], cwd)).toMatchObject({ code: 2 })
    writeFileSync(join(cwd, '.commlooprc'), 'links: [{ id: a, role: pasive, ip: 10.0.0.1 }]\n')
    const wrong = commloop(['check'], cwd)
    expect(wrong.code).toBe(2)
    expect(wrong.stdout + wrong.stderr).toContain('passive')
  })

  it('run the demo, in which every message has its outcome', () => {
    const { code, stdout, stderr } = commloop(['demo', '--seconds', '4'])
    expect(code, stdout + stderr).toBe(0)
  })

  it('run the benchmark, with its second process', () => {
    const { code, stdout, stderr } = commloop(['bench', '--seconds', '0.1', '--json'])
    expect(code, stdout + stderr).toBe(0)
    expect((JSON.parse(stdout) as { results: unknown[] }).results).toHaveLength(4)
  })

  it('list the scripts of the fault peer without vitest', () => {
    const { code, stdout } = commloop(['fault-peer', '--list'])
    expect(code).toBe(0)
    expect(stdout.split('\n').length).toBeGreaterThan(5)
  })

  it('exchange messages, over TCP and over the control socket', async () => {
    const port = await freePort()
    const north = await RunningNode.start(
      `node: north\nlisten: { host: 127.0.0.1, port: ${String(port)} }\n` +
        'links: [{ id: south, role: passive, ip: 127.0.0.2 }]\n',
      { bin: BIN },
    )
    const south = await RunningNode.start(
      `node: south\nbind: 127.0.0.2\n` +
        `links: [{ id: north, role: active, ip: 127.0.0.1, port: ${String(port)} }]\n`,
      { bin: BIN },
    )
    south.send('hello', { to: 'north' })
    await north.received('south', 1)
    expect(commloop(['send', '--to', 'south', 'hello yourself'], north.folder).code).toBe(0)
    await south.received('north', 1)
    expect(north.texts('south')).toEqual(['hello'])
    expect(south.texts('north')).toEqual(['hello yourself'])
    expect(commloop(['status'], south.folder)).toMatchObject({ code: 0, stderr: '' })
  })

  it('find a router by the name of its package', async () => {
    const router = join(folder, 'node_modules', 'commloop-router-to-all')
    mkdirSync(router, { recursive: true })
    writeFileSync(
      join(router, 'package.json'),
      '{ "name": "commloop-router-to-all", "version": "2.3.4", "type": "module", "exports": "./router.js" }',
    )
    writeFileSync(
      join(router, 'router.js'),
      "import { defineRouter } from '@commloop/router-plugin-api'\n" +
        "export default defineRouter({ name: 'to-all', route: (_, links) => links.map(({ id }) => id) })\n",
    )
    const cwd = userFolder({
      '.commlooprc':
        'router: to-all\nlisten: { host: 127.0.0.1, port: 0 }\n' +
        'links: [{ id: west, role: passive, ip: 127.0.0.3 }]\n',
    })
    expect(commloop(['check'], cwd).stdout).toContain('commloop-router-to-all 2.3.4')
    const node = await RunningNode.startIn(cwd, { bin: BIN })
    node.send('no address on it')
    const west = await RawPeer.dial({ from: '127.0.0.3', port: node.port })
    await west.received(1)
    expect(west.texts).toEqual(['no address on it'])
  })

  it('run the program of the README', async () => {
    const [echo = ''] = namedBlocks(textOf('README.md')).get('echo.mjs') ?? []
    const port = await freePort()
    const cwd = userFolder({ 'echo.mjs': echo.replace('8000', String(port)) })
    const child = spawn(process.execPath, ['echo.mjs'], { cwd, env: environment() })
    children.push(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    }
    const said = (): string => output
    await eventually('the program to wait', () => output.includes('client/8 awaiting'), said)
    const peer = await RawPeer.dial({ port })
    await peer.send('hello')
    await peer.received(1)
    expect(peer.texts).toEqual(['hello'])
  })

  it('can be used for tests in memory without vitest', () => {
    const cwd = userFolder({
      'in-memory.mjs': [
        "import { createNode, Clock, Transport, use } from '@commloop/core'",
        "import { len16Codec } from '@commloop/codec-len16'",
        "import { ManualClock, MemoryNetwork, SeededRandom } from '@commloop/testing'",
        "import '@commloop/testing/fault-peer'",
        'const clock = new ManualClock()',
        'const network = new MemoryNetwork(clock, new SeededRandom(1), {})',
        "const links = [{ id: 'peer', role: 'passive', ip: '10.0.0.2' }]",
        "const parts = [use(Transport, network.host('10.0.0.1')), use(Clock, clock), len16Codec()]",
        'const node = createNode({ listen: { port: 8000 }, links }, ...parts)',
        'void node.start()',
        'clock.advance(1)',
        "console.log(node.link('peer').state)",
        'process.exit(0)',
      ].join('\n'),
    })
    expect(run(process.execPath, ['in-memory.mjs'], cwd)).toEqual({
      code: 0,
      stdout: 'awaiting\n',
      stderr: '',
    })
  })

  it('have types with which a strict program compiles, and a wrong program does not', () => {
    const lines = [
      "import { createNode, type LinkState } from '@commloop/core'",
      "import { len16Codec } from '@commloop/codec-len16'",
      "import { tcpTransport } from '@commloop/transport-tcp'",
      "import { defineRouter } from '@commloop/router-plugin-api'",
      "import { ManualClock } from '@commloop/testing'",
      "import { loadConfig } from 'commloop'",
      'const links = [{ id: "a", role: "passive", ip: "127.0.0.1" }] as const',
      'export const node = createNode({ listen: { port: 0 }, links }, tcpTransport(), len16Codec())',
      "export const state: LinkState = 'up'",
      "export const router = defineRouter({ name: 'first', route: (_, [link]) => link?.id })",
      'export const parts = [new ManualClock(), loadConfig] as const',
    ]
    const compilerOptions = {
      ...{ strict: true, noEmit: true, module: 'NodeNext', target: 'ES2022' },
      ...{ skipDefaultLibCheck: true },
      // The types of Node, which every program for Node has installed.
      ...{ types: ['node'], typeRoots: [pathOf('node_modules/@types')] },
    }
    const cwd = userFolder({
      'program.ts': lines.join('\n'),
      'tsconfig.json': JSON.stringify({ compilerOptions, files: ['program.ts'] }),
    })
    const compile = (): End =>
      run(process.execPath, [pathOf('node_modules/typescript/bin/tsc')], cwd)
    expect(compile()).toEqual({ code: 0, stdout: '', stderr: '' })
    const program = join(cwd, 'program.ts')
    writeFileSync(program, readFileSync(program, 'utf8').replace("'up'", "'uppp'"))
    expect(compile().stdout).toContain("'\"uppp\"' is not assignable to type 'LinkState'")
  })
})
