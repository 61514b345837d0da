import { describe, expect, it } from 'vitest'
import {
  CliProcess,
  DEADLINE_MS,
  endCliProcessesAfterEach,
  runCli,
} from '@commloop/test-support/cli-process'
import { freePort } from '@commloop/test-support/free-port'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

removeTestFoldersAfterEach()
endCliProcessesAfterEach()

/** Short timeouts, so that scripts that wait for them are short too. */
const IMPATIENT = 'partialFrame: 300ms\nhalfClose: 100ms\nlinger: 100ms\nstall: 1s\n'

interface Setting {
  readonly folder: string
  readonly file: string
}

async function passiveNode(entry = '', top = IMPATIENT): Promise<Setting & { port: number }> {
  const port = await freePort()
  const folder = testFolder({
    '.commlooprc':
      `node: north\nlisten: { host: 127.0.0.1, port: ${String(port)} }\n${top}` +
      `links: [{ id: south, role: passive, ip: 127.0.0.2${entry} }]\n`,
  })
  return { folder, file: `${folder}/.commlooprc`, port }
}

async function activeNode(): Promise<Setting> {
  const port = await freePort()
  const folder = testFolder({
    '.commlooprc':
      `node: north\n${IMPATIENT}reconnect: { use: exponential, min: 200ms, max: 400ms }\n` +
      `links: [{ id: south, role: active, ip: 127.0.0.1, port: ${String(port)} }]\n`,
  })
  return { folder, file: `${folder}/.commlooprc` }
}

async function startNode({ file }: Setting, until: string): Promise<CliProcess> {
  const node = CliProcess.start(['run', '--stdio', '--text', '--config', file])
  await node.eventOf(until)
  return node
}

function textsOf(node: CliProcess): unknown[] {
  return node.events.filter(({ type }) => type === 'message').map(({ payload }) => payload)
}

interface ScriptResult {
  readonly name: string
  readonly held: boolean
  readonly failure: string | null
  readonly connections: readonly { readonly end: string | null }[]
  readonly events: readonly { readonly by: string; readonly text: string }[]
}

describe('commloop fault-peer against a node that it dials', () => {
  it('plays one script, shows both sides, and exits with 0 if the node behaves correctly', async () => {
    const setting = await passiveNode()
    const node = await startNode(setting, 'ready')
    const run = await runCli(['fault-peer', 'cut-and-silence', '--config', setting.file])
    expect(run.stderr).toBe('')
    expect(run.stdout).toMatch(/^ {2}node {2}north, entry south \(passive\)/)
    expect(run.stdout).toContain(`peer  127.0.0.2 dials 127.0.0.1:${String(setting.port)}`)
    expect(run.stdout).toContain('a good node ends the connection after `partialFrame`')
    expect(run.stdout).toMatch(/ms {2}peer {2}send 7 bytes of a frame/)
    expect(run.stdout).toMatch(/ms {2}node {2}RST on connection 1/)
    expect(run.stdout).toMatch(/^ {2}held; the node sent 0 frames, 0 bytes, over 2 connections$/m)
    expect(run.code).toBe(0)
    await node.eventOf('message', { payload: 'back' })
    expect(textsOf(node)).toEqual(['back'])
  })

  it('uses the settings of the table: another byte order, a smaller payload', async () => {
    const codec = ', codec: { use: len16, byteOrder: little, maxPayload: 100 }'
    const setting = await passiveNode(codec)
    const node = await startNode(setting, 'ready')
    const args = ['--config', setting.file, '--json']
    const run = await runCli(['fault-peer', 'length-too-large', ...args])
    expect(JSON.parse(run.stdout)).toMatchObject({ held: true, entry: 'south', role: 'passive' })
    const lost = await node.eventOf('link', { state: 'awaiting', epoch: 1 })
    expect(lost['reason']).toMatch(/^protocol error: length 101 .* above the limit of 100$/)
    expect((await runCli(['fault-peer', 'one-byte-at-a-time', ...args])).code).toBe(0)
  })

  it('plays all suitable scripts if none is named', async () => {
    const never = 'partialFrame: 0\nstall: 0\nhalfClose: 100ms\nlinger: 100ms\n'
    const setting = await passiveNode(', slots: 2, duplicate: replace', never)
    await startNode(setting, 'ready')
    const process = CliProcess.start(['fault-peer', '--config', setting.file, '--json'])
    const { code } = await process.exit(3 * DEADLINE_MS)
    const result = JSON.parse(process.stdoutText) as { scripts: ScriptResult[] }
    const bad = result.scripts.filter(({ held }) => !held)
    expect(bad.map(({ name, failure, events }) => ({ name, failure, events }))).toEqual([])
    expect(code).toBe(0)
    const names = result.scripts.map(({ name }) => name)
    expect(names).toContain('second-connection')
    expect(names).not.toContain('accept-then-close')
    expect(names).not.toContain('slow-loris')
  })
})

describe('commloop fault-peer against a node that dials', () => {
  it('listens at the address of the peer', async () => {
    const setting = await activeNode()
    await startNode(setting, 'ready')
    const args = ['fault-peer', 'accept-then-close', '--config', setting.file, '--json']
    const run = await runCli(args)
    const { scripts } = JSON.parse(run.stdout) as { scripts: ScriptResult[] }
    expect(scripts).toMatchObject([{ name: 'accept-then-close', held: true, failure: null }])
    expect(scripts[0]?.events.filter(({ by }) => by === 'node').length).toBeGreaterThan(5)
    expect(run.code).toBe(0)
  })
})

describe('a node that misbehaves', () => {
  it('is reported with exit code 1 and the difference', async () => {
    // The tested table says 300 ms, but the running node waits forever.
    const setting = await passiveNode()
    const patient = testFolder({
      '.commlooprc': `listen: { host: 127.0.0.1, port: ${String(setting.port)} }\npartialFrame: 0\nlinks: [{ role: passive, ip: 127.0.0.2 }]\n`,
    })
    await startNode({ folder: patient, file: `${patient}/.commlooprc` }, 'ready')
    const run = await runCli(['fault-peer', 'slow-loris', '--config', setting.file])
    expect(run.stdout).toMatch(/NOT HELD: the node has not ended connection 1 within \d+ ms/)
    expect(run.code).toBe(1)
  })

  it('that does not run is reported with exit code 1', async () => {
    const { file } = await passiveNode()
    const run = await runCli(['fault-peer', 'reset', '--config', file])
    expect(run.stdout).toMatch(/NOT HELD: the node cannot be dialled: .*ECONNREFUSED/)
    expect(run.code).toBe(1)
  })

  it('that never dials is reported with exit code 1, within --seconds', async () => {
    const { file } = await activeNode()
    const run = await runCli(['fault-peer', 'reset', '--config', file, '--seconds', '1'])
    expect(run.stdout).toContain('NOT HELD: not done within 1000 ms')
    expect(run.code).toBe(1)
  })
})

describe('--list', () => {
  it('shows every script with its description, without a configuration', async () => {
    const run = await runCli(['fault-peer', '--list'], { cwd: testFolder() })
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(run.stdout).toContain('slow-loris (active, passive)\n  the peer sends a frame so slowly')
    const json = await runCli(['fault-peer', '--list', '--json'], { cwd: testFolder() })
    const scripts = JSON.parse(json.stdout) as { name: string; node: string }[]
    expect(scripts.length).toBe(run.stdout.match(/^[a-z-]+ \(/gm)?.length)
    expect(scripts.every(({ node }) => node.length > 10)).toBe(true)
  })
})

describe('a script that cannot be played', () => {
  const TABLE = 'listen: { host: 127.0.0.1, port: 9 }\n'
  const TWO =
    TABLE +
    'links:\n  - { id: south, role: passive, ip: 127.0.0.2 }\n' +
    '  - { id: north, role: active, ip: 127.0.0.1, port: 9 }\n'
  const one = (entry: string, top = TABLE): string => `${top}links: [{ ${entry} }]\n`

  it.each([
    ['no entry named', TWO, [], '--entry: the table has 2, name one: south, north'],
    ['an unknown entry', TWO, ['--entry', 'sooth'], '"sooth" (did you mean south?)'],
    ['an unknown script', TWO, ['rest', '--entry', 'south'], '"rest" (did you mean reset?)'],
    [
      'a script of the other role',
      TWO,
      ['accept-then-close', '--entry', 'south'],
      'accept-then-close is for active entries; south is passive',
    ],
    [
      'a script that makes no sense for this table',
      TWO,
      ['length-too-large', '--entry', 'south'],
      'cannot be played here: a two-byte length cannot announce more',
    ],
    ['no time', TWO, ['--seconds', '0', '--entry', 'south'], '--seconds: expected 1 to 3600'],
    [
      'a peer on another machine that dials',
      one('id: far, role: passive, ip: 203.0.113.1'),
      [],
      'entry far expects 203.0.113.1, which is not an address of this machine',
    ],
    [
      'a peer on another machine that is dialled',
      one('id: far, role: active, ip: 203.0.113.1, port: 9'),
      [],
      'entry far dials 203.0.113.1, which is not an address of this machine',
    ],
    [
      'a node on another machine',
      one('id: far, role: passive, ip: 127.0.0.2', 'listen: { host: 203.0.113.1, port: 9 }\n'),
      [],
      'the node listens on 203.0.113.1, which is not an address of this machine',
    ],
    [
      'a range of another network',
      one('id: far, role: passive, ip: 203.0.113.0/24'),
      [],
      'no address of this machine matches that entry',
    ],
    [
      'an unknown port',
      one('id: a, role: passive, ip: 127.0.0.2', 'listen: { port: 0 }\n'),
      [],
      'listen.port is 0',
    ],
    [
      'a disabled entry',
      one('id: a, role: passive, ip: 127.0.0.2, enabled: false'),
      [],
      'entry a is not enabled',
    ],
    [
      'TLS',
      one('id: a, role: active, ip: 127.0.0.1, port: 9, tls: {}'),
      [],
      'entry a uses tls, and the fault peer speaks plain TCP only',
    ],
  ])('is rejected with exit code 2: %s', async (_, config, args, message) => {
    const cwd = testFolder({ '.commlooprc': config })
    const run = await runCli(['fault-peer', ...args], { cwd })
    expect(run.stderr).toContain(`commloop: `)
    expect(run.stderr).toContain(message)
    expect(run).toMatchObject({ code: 2, stdout: '' })
  })

  it('is rejected if the real peer listens', async () => {
    const peer = await passiveNode()
    await startNode(peer, 'ready')
    const file = `${testFolder({
      '.commlooprc': `links: [{ role: active, ip: 127.0.0.1, port: ${String(peer.port)} }]\n`,
    })}/.commlooprc`
    const run = await runCli(['fault-peer', 'reset', '--config', file])
    expect(run.stderr).toContain('takes the place of the peer and cannot listen there')
    expect(run.code).toBe(2)
  })

  it('is rejected if the configuration is invalid', async () => {
    const cwd = testFolder({ '.commlooprc': 'links: 7\n' })
    expect((await runCli(['fault-peer'], { cwd })).code).toBe(2)
  })
})

describe('the peer of an entry for several addresses', () => {
  it.each([
    ['a range', '127.0.7.0/24', '127.0.7.1'],
    ['anyone, except peers with their own entry', '0.0.0.0', '127.0.0.1'],
  ])('%s', async (_, ip, from) => {
    const port = await freePort()
    const folder = testFolder({
      '.commlooprc':
        `listen: { host: 0.0.0.0, port: ${String(port)} }\n` +
        `links:\n  - { id: other, role: passive, ip: 127.0.0.2 }\n` +
        `  - { id: wide, role: passive, ip: ${ip} }\n`,
    })
    const file = `${folder}/.commlooprc`
    const node = await startNode({ folder, file }, 'ready')
    const args = ['fault-peer', 'frames-in-one-segment', '--entry', 'wide', '--config', file]
    const run = await runCli(args)
    expect(run.stdout).toContain(`${from} dials 127.0.0.1:`)
    expect(run.code).toBe(0)
    await node.eventOf('link', { link: 'wide', state: 'up' })
  })
})
