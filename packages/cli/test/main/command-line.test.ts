import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CliProcess, endCliProcessesAfterEach, runCli } from '@commloop/test-support/cli-process'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()

const VERSION = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
).version

/** Modules that take time to load, apart from the packages of commloop. */
const HEAVY = /node_modules|bundle\/(zod|yaml|cosmiconfig|pino|import-meta-resolve)\.js$/

/** Not bundled, because plugins import it too and must get the same instance. */
const CONTAINER = /node_modules\/(tsyringe|reflect-metadata)\//

/** The files that Node has loaded, from its coverage report. */
async function modulesOf(args: readonly string[], cwd?: string): Promise<string[]> {
  const coverage = join(testFolder(), 'coverage')
  mkdirSync(coverage)
  await runCli(args, { env: { NODE_V8_COVERAGE: coverage }, ...(cwd && { cwd }) })
  const [report] = readdirSync(coverage)
  const text = readFileSync(join(coverage, report ?? ''), 'utf8')
  const { result } = JSON.parse(text) as { result: { url: string }[] }
  return result.map(({ url }) => url).filter((url) => url.startsWith('file:'))
}

describe('--version', () => {
  it.each(['--version', '-V'])('%s prints the version and nothing else', async (option) => {
    expect(await runCli([option])).toMatchObject({ code: 0, stdout: `${VERSION}\n`, stderr: '' })
  })

  it('loads nothing but itself', async () => {
    const modules = await modulesOf(['--version'])
    expect(modules.filter((url) => url.includes('/node_modules/'))).toEqual([])
    expect(modules.length).toBeLessThanOrEqual(3)
  })
})

describe('--help', () => {
  it('lists all commands', async () => {
    const { code, stdout, stderr } = await runCli(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const command of [
      'run',
      'check',
      'doctor',
      'mirror',
      'graph',
      'init',
      'demo',
      'bench',
      'fault-peer',
      'status',
      'top',
      'send',
      'request',
      'tail',
      'dial',
      'reload',
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
    }
    // Only completion scripts call it.
    expect(stdout).not.toMatch(/^ {2}complete /m)
  })

  it.each([
    ['--help'],
    ['run', '--help'],
    ['demo', '--help'],
    ['bench', '--help'],
    ['fault-peer', '--help'],
    ['doctor', '--help'],
    ['status', '--help'],
    ['help', 'check'],
  ])('%s %s loads no plugin, no schema, no container and no log', async (...args) => {
    const modules = await modulesOf(args)
    expect(modules.some((url) => url.endsWith('/bundle/commander.js'))).toBe(true)
    expect(modules.filter((url) => HEAVY.test(url))).toEqual([])
    const ours = modules.filter((url) =>
      /packages\/(core|transport|codec|router|testing)/.test(url),
    )
    // All output is made safe for a terminal, also the help.
    expect(ours.map((url) => url.replace(/.*\/packages\//, ''))).toEqual([
      'core/bundle/visible-text.js',
    ])
  })

  it('exits with 0 when its reader closes stdout', async () => {
    const process = CliProcess.start(['--help'])
    process.closeOutput()
    expect(await process.exit()).toEqual({ code: 0, signal: null })
    expect(process.stderrText).toBe('')
  })
})

describe('run', () => {
  it('does not load the control API before the node works', async () => {
    const config = {
      listen: { host: '127.0.0.1', port: 0 },
      links: [{ id: 'a', role: 'passive', ip: '127.0.0.1' }],
    }
    const loaded = async (control: object): Promise<string[]> => {
      const cwd = testFolder({ '.commlooprc': { ...config, ...control } })
      // stdin is empty, so the node stops right after its start.
      return await modulesOf(['run', '--stdio'], cwd)
    }
    const modules = await loaded({})
    expect(modules.some((url) => url.endsWith('/control/bundle/server.js'))).toBe(true)
    const api = /hono|control\/bundle\/(request-handlers|guard|app)/
    expect(modules.filter((url) => api.test(url))).toEqual([])
    const without = await loaded({ control: false })
    expect(
      without.filter((url) =>
        /hono|control\/bundle\/(server|availability|request-handlers|guard|app)/.test(url),
      ),
    ).toEqual([])
  })

  it('of a command for a running node loads the client and not the API', async () => {
    const cwd = testFolder({ '.commlooprc': { links: [] } })
    const modules = await modulesOf(['status'], cwd)
    expect(modules.some((url) => url.endsWith('/control/bundle/client.js'))).toBe(true)
    expect(modules.filter((url) => /hono|control\/bundle\/(server|app|guard)/.test(url))).toEqual(
      [],
    )
  })

  it('loads few files: third-party code is in the bundle, except the container', async () => {
    const cwd = testFolder({
      '.commlooprc': { links: [{ id: 'a', role: 'passive', ip: '127.0.0.1' }] },
    })
    const modules = await modulesOf(['run', '--stdio'], cwd)
    expect(modules.filter((url) => HEAVY.test(url) && !CONTAINER.test(url)).length).toBe(5)
    expect(modules.filter((url) => !CONTAINER.test(url)).length).toBeLessThan(50)
  })
})

describe('a command line with a mistake', () => {
  it.each([
    [['chek'], "unknown command 'chek'\n(Did you mean check?)"],
    [['what-is-this'], "unknown command 'what-is-this'"],
    [['start'], "unknown command 'start'\n(Did you mean run?)"],
    [['stop'], "unknown command 'stop'\n(To stop a node, send a signal to its process: kill -TERM"],
    [['run', 'check'], "run takes no arguments, found 'check'"],
    [['--stdoi'], "unknown option '--stdoi'\n(Did you mean --stdio?)"],
    [['check', '--jsn'], "unknown option '--jsn'"],
    [['--config'], "option '--config <file>' argument missing"],
    [['--log-level', 'loud'], "argument 'loud' is invalid. Allowed choices are debug, info"],
    [['--text'], '--text belongs to --stdio'],
    [['run', '--keep-open'], '--keep-open belongs to --stdio'],
    [['run', '--stdio', '--drain', 'soon'], '--drain: expected a duration such as'],
    [['doctor', 'now'], "too many arguments for 'doctor'"],
    [['check', '--at', '127.0.0.1'], '--at belongs to --with'],
    [['check', '--with', 'x', '--at', 'here'], '--at: expected an IP address, found "here"'],
    [['mirror', '--at', 'here'], '--at: expected an IP address, found "here"'],
    [['demo', '--seconds', 'many'], '--seconds: expected 4 to 3600, found "many"'],
  ])('%j reports the mistake, starts nothing, and exits with 2', async (args, message) => {
    const { code, stdout, stderr } = await runCli(args, { cwd: testFolder() })
    expect(stderr).toContain(`commloop: `)
    expect(stderr).toContain(message)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  it('can be in the environment', async () => {
    const { code, stderr } = await runCli([], { env: { COMMLOOP_LOG: 'loud' } })
    expect(stderr).toContain("'loud' from env 'COMMLOOP_LOG' is invalid")
    expect(code).toBe(2)
  })
})

describe('the configuration', () => {
  const BROKEN = 'listen: { port: 0 }\nlinks: [{ id: a, role: pasive, ip: 127.0.0.1 }]\nrooter: x\n'

  it('is missing: exits with 2, and suggests `init`', async () => {
    const { code, stderr } = await runCli([], { cwd: testFolder() })
    expect(stderr).toContain('commloop: nothing was started\nno configuration in ')
    expect(stderr).toContain('commloop init')
    expect(code).toBe(2)
  })

  it('has mistakes: exits with 2, and lists all of them', async () => {
    const { code, stderr, stdout } = await runCli(['run'], {
      cwd: testFolder({ '.commlooprc': BROKEN }),
    })
    expect(stderr).toMatch(/^\.commlooprc:2:.*role/m)
    expect(stderr).toMatch(/^\.commlooprc:3:.*rooter/m)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  it.each([
    ['--config', (file: string) => ({ args: ['run', '--config', file], env: {} })],
    [
      '--config before the command',
      (file: string) => ({ args: ['--config', file, 'run'], env: {} }),
    ],
    ['COMMLOOP_CONFIG', (file: string) => ({ args: [], env: { COMMLOOP_CONFIG: file } })],
    ['check --config', (file: string) => ({ args: ['check', '--config', file], env: {} })],
  ])('can be given by %s', async (_, named) => {
    const folder = testFolder({ 'elsewhere/node.yaml': BROKEN })
    const { args, env } = named('elsewhere/node.yaml')
    const { code, stderr } = await runCli(args, { cwd: folder, env })
    expect(stderr).toContain('elsewhere/node.yaml:3:1')
    expect(code).toBe(2)
  })
})

describe('an unexpected error', () => {
  // A plugin that breaks a function that the command needs.
  const folder = (): string =>
    testFolder({
      '.commlooprc': 'links: [{ id: a, role: active, ip: 127.0.0.1, port: 9 }]\nrouter: ./r.mjs\n',
      'r.mjs':
        'globalThis.setInterval = () => { throw new TypeError("boom\\x1b[2J") }\n' +
        'export default { name: "r", route: () => "a" }\n',
    })

  it('prints a message and a hint without a stack, and exits with 1', async () => {
    const { code, stderr } = await runCli(['--log-level', 'silent'], { cwd: folder() })
    expect(stderr).toBe(
      'commloop: unexpected: boom\\u001b[2J\nCOMMLOOP_DEBUG=1 shows where it happened\n',
    )
    expect(code).toBe(1)
  })

  it('shows where it happened with COMMLOOP_DEBUG', async () => {
    const env = { COMMLOOP_DEBUG: '1' }
    const { code, stderr } = await runCli(['--log-level', 'silent'], { cwd: folder(), env })
    expect(stderr).toContain('commloop: TypeError: boom')
    expect(stderr).toMatch(/^\s+at .*r\.mjs:1/m)
    expect(code).toBe(1)
  })
})
