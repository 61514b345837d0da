import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { CliProcess, endCliProcessesAfterEach, runCli } from '@commloop/test-support/cli-process'
import { ControlNode } from '@commloop/test-support/control-node'
import { closePeersAfterEach, FramedPeer } from '@commloop/test-support/framed-peer'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'
import { expectHarmless, HOSTILE, inPairs } from './hostile-text.js'

endCliProcessesAfterEach()
closePeersAfterEach()
removeTestFoldersAfterEach()

/** The name of a file must not contain `/`. */
const FOLDER = `folder${HOSTILE}`

/** A folder whose name is hostile, with these files. */
function hostileFolder(files: Readonly<Record<string, unknown>>): string {
  const cwd = join(testFolder(), FOLDER)
  mkdirSync(cwd)
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(cwd, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return cwd
}

/** Expects that the command prints something, and nothing that a terminal acts on. @returns stdout */
async function harmless(args: readonly string[], cwd: string): Promise<string> {
  const { stdout, stderr } = await runCli(args, { cwd })
  const name = args.join(' ')
  expect([name, stdout + stderr]).not.toEqual([name, ''])
  expectHarmless(name, stdout + stderr)
  return stdout
}

/** Commands that read the configuration and report its mistakes, each in a way of its own. */
const READERS = [['check'], ['check', '--json'], ['doctor', '--json'], ['run']]

/** Arguments that are hostile, and commands that show them. */
const ARGUMENTS = [
  [`--config=${HOSTILE}`, 'check'],
  ['check', '--with', HOSTILE],
  ['--log-level', HOSTILE, 'check'],
  [HOSTILE],
  ['check', `--${HOSTILE}`],
  ['mirror', '--for', HOSTILE],
  ['mirror', '--at', HOSTILE],
  ['completion', HOSTILE],
  ['status', '--control', HOSTILE],
  ['send', '--timeout', HOSTILE],
  ['send', '--file', HOSTILE],
  ['fault-peer', HOSTILE],
  ['bench', '--seconds', HOSTILE],
]

const PEER = { id: 'peer', role: 'active', ip: '127.0.0.1', port: 1 }

describe('a configuration with hostile texts', () => {
  it.each([
    ['in an unknown key', { links: [PEER], [`k${HOSTILE}`]: 1 }],
    ['in an id', { links: [{ ...PEER, id: `x${HOSTILE}` }] }],
    ['in a host', { links: [{ ...PEER, ip: undefined, host: `x${HOSTILE}` }] }],
    ['in the name of a plugin', { links: [PEER], router: `./x${HOSTILE}`, codec: `x${HOSTILE}` }],
    ['in options of a plugin', { links: [PEER], codec: { use: 'len16', [HOSTILE]: HOSTILE } }],
    ['in the control socket', { links: [PEER], control: `x${HOSTILE}` }],
    ['in a file of TLS', { links: [{ ...PEER, tls: { ca: `x${HOSTILE}` } }] }],
    ['in every place that may be a text', { node: HOSTILE, bind: HOSTILE, links: HOSTILE }],
  ])('%s is reported without them', async (_, config) => {
    const cwd = hostileFolder({ '.commlooprc': config })
    await inPairs(READERS, (args) => harmless(args, cwd))
  })

  it('and arguments with hostile texts are reported without them', async () => {
    const cwd = hostileFolder({ '.commlooprc': { links: [PEER] } })
    await inPairs(ARGUMENTS, (args) => harmless(args, cwd))
  })

  it('that is not valid is shown with the caret below the right column', async () => {
    const cwd = hostileFolder({ '.commlooprc': 'links:\n  - { id: "\u009b31m", port: 70000 }\n' })
    const { stderr } = await runCli(['check'], { cwd })
    const lines = stderr.split('\n')
    const source = lines.find((line) => line.includes('70000')) ?? ''
    const carets = lines.filter((line) => /^ +\| +\^$/.test(line)).map((line) => line.indexOf('^'))
    expect(source).toContain('"\\u009b31m"')
    expect(carets).toContain(source.indexOf('70000'))
  })

  it.each([
    ['throws while it is loaded', 'throw new Error(text)'],
    ['throws later', 'setTimeout(() => { throw new Error(text) })'],
    ['rejects a promise of its own', 'void Promise.reject(new Error(text))'],
  ])('may name a plugin that %s', async (_, code) => {
    const router = [
      `const text = ${JSON.stringify(`thrown${HOSTILE}`)}`,
      code,
      // The command is still loading the plugin when the error comes.
      'await new Promise((done) => setTimeout(done, 60_000))',
      'export default { name: "r", route: () => [] }',
    ].join('\n')
    const config = { router: './router.mjs', links: [PEER] }
    const cwd = hostileFolder({ '.commlooprc': config, 'router.mjs': router })
    await inPairs([['check'], ['run'], ['mirror']], async (args) => {
      const { stdout, stderr, code: exitCode } = await runCli(args, { cwd })
      expect([args, exitCode]).not.toEqual([args, 0])
      expect(stderr).toContain('thrown\\u001b]0;owned')
      expectHarmless(args.join(' '), stdout + stderr)
    })
  })

  it('is converted by init, or rejected, without them', async () => {
    const table = [{ ip: `10.0.0.1${HOSTILE}`, port: 1, as_server: 0, [HOSTILE]: HOSTILE }]
    const cwd = hostileFolder({ 'table.json': table, [`t${HOSTILE}`]: 'no JSON' })
    await harmless(['init', '--from', 'table.json'], cwd)
    await harmless(['init', '--from', `t${HOSTILE}`], cwd)
    await harmless(['init'], cwd)
    await harmless(['init'], cwd)
  })

  it('gives the peer the same values as YAML', async () => {
    const payload = 'ping\u202e and a text that is longer than forty characters\n'
    const config = {
      node: `plant${HOSTILE}`,
      listen: { host: '127.0.0.1', port: 8000 },
      heartbeat: { every: '1s', payload },
      codec: { use: './codec.mjs', note: `${HOSTILE}\n  - injected: true`, [HOSTILE]: 'x' },
      links: [
        { id: 'in', role: 'passive', ip: '10.0.0.2' },
        { id: 'out', role: 'active', ip: '10.0.0.2', port: 8001 },
      ],
    }
    const len16 = new URL('../../../codec-len16/bundle/index.js', import.meta.url).href
    const codec =
      `import { Len16Codec } from ${JSON.stringify(len16)}\n` +
      'export default { kind: "codec", name: "c", apiVersion: 1, create: () => new Len16Codec() }\n'
    const cwd = hostileFolder({
      '.commlooprc': config,
      'codec.mjs': codec,
    })
    const stdout = await harmless(['mirror'], cwd)
    const documents = parseAllDocuments(stdout)
    expect(documents).toHaveLength(1)
    const mirrored = documents[0]?.toJS() as { codec: object; heartbeat: object }
    expect(mirrored).not.toHaveProperty('injected')
    expect(mirrored.codec).toEqual(config.codec)
    await harmless(['check'], cwd)
    await harmless(['check', '--json'], cwd)
    await harmless(['graph'], cwd)
    await harmless(['doctor'], cwd)
  })
})

describe('a peer that sends hostile bytes', () => {
  const CONFIG = {
    listen: { host: '127.0.0.1', port: 0 },
    links: [{ id: 'in', role: 'passive', ip: '127.0.0.1' }],
  }

  it('gets them to the program behind run --stdio --text as JSON, which a terminal can show', async () => {
    const cwd = hostileFolder({ '.commlooprc': CONFIG })
    const node = CliProcess.start(['run', '--stdio', '--text'], { cwd })
    const { listen } = (await node.eventOf('ready')) as unknown as { listen: { port: number } }
    const peer = await FramedPeer.connect(listen.port)
    peer.send(HOSTILE)
    expect((await node.eventOf('message'))['payload']).toBe(HOSTILE)
    node.send({ payload: 'x', to: HOSTILE, id: HOSTILE })
    node.write(`{${HOSTILE}\n`)
    await node.eventsOf('error', 2)
    node.endInput()
    await node.exit()
    expectHarmless('run --stdio --text', node.stdoutText + node.stderrText)
  })

  it('does not reach the terminal of tail, nor that of a client of the control API', async () => {
    const node = await ControlNode.startIn(hostileFolder({ '.commlooprc': CONFIG }))
    const peer = await FramedPeer.connect(node.port)
    const tails = ['tail', 'tail --json'].map((args) =>
      CliProcess.start(args.split(' '), { cwd: node.folder }),
    )
    await tails[0]?.stderrLine((line) => line.startsWith('messages of'))
    const received = (): boolean => tails.every(({ stdoutLines }) => stdoutLines.length > 0)
    while (!received()) {
      peer.send(HOSTILE)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await node.stop()
    for (const tail of tails) {
      await tail.exit()
      expectHarmless(tail.args.join(' '), tail.stdoutText + tail.stderrText)
    }
    expectHarmless('the log', node.process.stderrText)
  })

  it('is not shown raw by the status of the control API', async () => {
    const node = await ControlNode.startIn(hostileFolder({ '.commlooprc': CONFIG }))
    const { text, json } = await node.ask('GET', '/v1/status')
    expectHarmless('/v1/status', text)
    expect((json as { config: string }).config).toContain(FOLDER)
    expectHarmless('404', (await node.ask('GET', `/v1/links/${encodeURIComponent(HOSTILE)}`)).text)
  })
})
