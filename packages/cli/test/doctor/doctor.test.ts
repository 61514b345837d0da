import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { DoctorFinding } from '../../src/analysis/doctor/doctor-finding.js'
import type { Diagnosis } from '../../src/analysis/doctor/diagnose.js'
import { CliProcess, endCliProcessesAfterEach, runCli } from '@commloop/test-support/cli-process'
import { closePeersAfterEach, FramedPeer, PeerServer } from '@commloop/test-support/framed-peer'
import { freePort } from '@commloop/test-support/free-port'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
closePeersAfterEach()
removeTestFoldersAfterEach()

const WITHOUT_PROC = !existsSync('/proc/net/tcp')
if (WITHOUT_PROC) console.warn('SKIPPED: ports of this machine. Missing: /proc/net/tcp')

/** An address reserved for documentation, which no machine has. */
const FOREIGN = '198.51.100.7'
/** Every resolver rejects this without a query. */
const NO_NAME = 'furnace..plant'

interface Answer extends Diagnosis {
  readonly code: number | null
  readonly ok: boolean
}

function folderOf(table: object): string {
  return testFolder({ '.commlooprc': table })
}

async function doctor(table: object, ...args: readonly string[]): Promise<Answer> {
  return await doctorIn(folderOf(table), ...args)
}

async function doctorIn(cwd: string, ...args: readonly string[]): Promise<Answer> {
  const { code, stdout, stderr } = await runCli(['doctor', '--json', ...args], { cwd })
  expect(stderr).toBe('')
  return { code, ...(JSON.parse(stdout) as Diagnosis & { ok: boolean }) }
}

function codes({ findings }: Pick<Diagnosis, 'findings'>): string[] {
  return findings.map(({ finding }) => finding)
}

function only({ findings }: Answer): DoctorFinding | undefined {
  expect(findings).toHaveLength(1)
  return findings[0]
}

function active(port: number, more: object = {}): object {
  return { links: [{ id: 'plc', role: 'active', ip: '127.0.0.1', port, ...more }] }
}

describe('commloop doctor', () => {
  it('finds nothing in a correct setup, and lists what it did not check', async () => {
    const folder = folderOf({
      listen: { host: '127.0.0.1', port: await freePort() },
      links: [{ id: 'plc', role: 'passive', ip: '127.0.0.1' }],
    })
    const { code, stdout, stderr } = await runCli(['doctor'], { cwd: folder })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^\.commlooprc: no problems\.\n/)
    expect(stdout).toContain('peers: use --dial to open a connection to each')
    expect(stdout).toContain('the running node: no node answered')
  })

  it('lists the problems of the configuration, with exit code 2', async () => {
    const folder = folderOf({ links: [{ role: 'active', ip: '127.0.0.1', port: 70_000 }] })
    const text = await runCli(['doctor'], { cwd: folder })
    expect(text).toMatchObject({ code: 2, stdout: '' })
    expect(text.stderr).toMatch(/links\[0\]\.port: .*found 70000[^]*Nothing else was checked/)
    const answer = await doctorIn(folder)
    expect(answer).toMatchObject({ code: 2, ok: false })
    expect(only(answer)).toMatchObject({ finding: 'config-problem', weight: 'wrong' })
  })

  it('reports a missing configuration, with exit code 2', async () => {
    const { code, stderr } = await runCli(['doctor'], { cwd: testFolder() })
    expect(stderr).toContain('CML_ERR_CONFIG_NOT_FOUND')
    expect(code).toBe(2)
    expect(codes(await doctorIn(testFolder(), '--config', 'nowhere'))).toEqual(['config-problem'])
  })

  it('knows the addresses of this machine', async () => {
    const answer = await doctor({
      listen: { host: FOREIGN, port: await freePort() },
      links: [
        { id: 'in', role: 'passive', ip: '127.0.0.1' },
        { id: 'out', role: 'active', ip: FOREIGN, port: 9, bind: FOREIGN },
        { id: 'fine', role: 'active', ip: FOREIGN, port: 9, bind: '127.0.0.1' },
      ],
    })
    expect(answer.code).toBe(4)
    expect(answer.findings).toMatchObject([
      { finding: 'listen-address-foreign', about: 'listen.host' },
      { finding: 'bind-address-foreign', about: 'out' },
    ])
  })

  it('resolves host names, and reports those without an address', async () => {
    const answer = await doctor({
      links: [
        { id: 'gone', role: 'active', host: NO_NAME, port: 9 },
        { id: 'here', role: 'active', host: 'localhost', port: 9 },
        { id: 'off', role: 'active', host: NO_NAME, port: 9, enabled: false },
      ],
    })
    expect(only(answer)).toMatchObject({ finding: 'name-unresolved', about: 'gone' })
    expect(answer.lookedAt).toContain('host names')
  })

  it('finds that an entry dials the node itself, by any of its addresses', async () => {
    const port = await freePort()
    const answer = await doctor({
      listen: { host: '0.0.0.0', port },
      links: [
        { id: 'me', role: 'active', ip: '127.0.0.9', port },
        { id: 'other', role: 'active', ip: FOREIGN, port },
      ],
    })
    expect(only(answer)).toMatchObject({ finding: 'dials-itself', about: 'me' })
  })

  it('counts descriptors and memory', async () => {
    const answer = await doctor({
      listen: { host: '127.0.0.1', port: await freePort() },
      outbox: '1GiB',
      links: [{ id: 'cell', role: 'passive', ip: '127.0.0.0/8', slots: 65_535 }],
    })
    expect(codes(answer)).toContain('memory-small')
    const [, soft] =
      /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    expect(codes(answer).includes('descriptors-few')).toBe(Number(soft) < 65_535)
  })

  it('includes the warnings about the configuration', async () => {
    const folder = folderOf(active(9))
    const { chmodSync } = await import('node:fs')
    chmodSync(join(folder, '.commlooprc'), 0o666)
    const answer = await doctorIn(folder)
    expect(only(answer)).toMatchObject({ finding: 'config-warning', weight: 'notice' })
    expect(answer).toMatchObject({ code: 0, ok: true })
  })
})

describe.skipIf(WITHOUT_PROC)('ports of this machine', () => {
  it('that another process uses are reported with its name and pid', async () => {
    const taken = await PeerServer.listen()
    const answer = await doctor({ listen: { host: '0.0.0.0', port: taken.port }, links: [] })
    const used = answer.findings.find(({ finding }) => finding === 'port-used')
    expect(used?.message).toMatch(/^0\.0\.0\.0:\d+ is taken by "node/)
    expect(used?.message).toContain(`(pid ${String(process.pid)})`)
    expect(answer.code).toBe(4)
    const elsewhere = await doctor({ listen: { host: '127.0.0.2', port: taken.port }, links: [] })
    expect(codes(elsewhere)).not.toContain('port-used')
  })

  it('that the node itself uses are not reported, with --config and without', async () => {
    const folder = folderOf({
      listen: { host: '127.0.0.1', port: await freePort() },
      links: [{ id: 'plc', role: 'passive', ip: '127.0.0.1' }],
    })
    const file = join(folder, '.commlooprc')
    for (const start of [
      () => CliProcess.start(['run', '--stdio', '--keep-open'], { cwd: folder }),
      () => CliProcess.start(['--config', file, 'run', '--stdio', '--keep-open']),
      () => CliProcess.start(['run', '--stdio', '--keep-open'], { env: { COMMLOOP_CONFIG: file } }),
    ]) {
      const node = start()
      await node.eventOf('ready')
      expect(await doctorIn(folder)).toMatchObject({ code: 0, pid: node.pid, findings: [] })
      const other = testFolder({ '.commlooprc': readFileSync(file, 'utf8') })
      expect(codes(await doctorIn(other))).toEqual(['port-used'])
      node.kill('SIGTERM')
      await node.exit()
    }
  })

  it('in the range for outgoing connections are a notice', async () => {
    const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
    const port = Number(range.split(/\s+/)[1])
    const listens = await doctor({ listen: { host: '127.0.0.3', port }, links: [] })
    expect(only(listens)).toMatchObject({ finding: 'listen-port-ephemeral', weight: 'notice' })
    expect(listens.code).toBe(0)
    const dials = await doctor(active(port))
    expect(only(dials)).toMatchObject({ finding: 'dial-port-ephemeral', about: 'plc' })
    expect(only(dials)?.message).toContain('connect to itself')
  })
})

describe('a running node', () => {
  it('reports missing peers, rejected strangers and links that are down', async () => {
    const folder = folderOf({
      listen: { host: '127.0.0.1', port: await freePort() },
      audit: { every: '1h', grace: '1ms' },
      partialFrame: '300ms',
      links: [
        { id: 'in', role: 'passive', ip: '127.0.0.2' },
        { id: 'out', role: 'active', ip: '127.0.0.1', port: await freePort() },
      ],
    })
    const node = CliProcess.start(['run', '--stdio', '--keep-open'], { cwd: folder })
    const { port } = (await node.eventOf('ready'))['listen'] as { readonly port: number }
    await node.eventOf('link', { link: 'out', state: 'backoff' })
    for (let tries = 0; tries < 3; tries++) {
      const stranger = await FramedPeer.connect(port, '127.0.0.1', '127.0.0.3')
      await stranger.until(({ hasClosed }) => hasClosed)
    }
    const answer = await doctorIn(folder)
    expect(answer).toMatchObject({ code: 4, pid: node.pid })
    expect(answer.lookedAt).toContain('the running node')
    expect(answer.findings.map(({ finding, about }) => [finding, about])).toEqual(
      expect.arrayContaining([
        ['entry-absent', 'in'],
        ['address-nearly-matches', '127.0.0.3'],
        ['link-down', 'out'],
      ]),
    )
    const { stdout } = await runCli(['graph'], { cwd: folder })
    expect(stdout).toContain('"in<br>awaiting"')
    expect(stdout).toMatch(/linkStyle 0 stroke:/)
  })

  it('reports what a peer with another framing sent', async () => {
    const folder = folderOf({
      listen: { host: '127.0.0.1', port: await freePort() },
      codec: { use: 'len16', maxPayload: 1000 },
      links: [{ id: 'in', role: 'passive', ip: '127.0.0.1' }],
    })
    const node = CliProcess.start(['run', '--stdio', '--keep-open'], { cwd: folder })
    const { port } = (await node.eventOf('ready'))['listen'] as { readonly port: number }
    const peer = await FramedPeer.connect(port)
    peer.sendRaw(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    await node.event(({ state, reason }) => state === 'awaiting' && reason !== undefined)
    const answer = await doctorIn(folder)
    expect(only(answer)).toMatchObject({ finding: 'link-down', about: 'in' })
    expect(only(answer)?.message).toMatch(/protocol error: .* look like an HTTP request/)
    expect(only(answer)?.advice).toContain('docs/wire-format.md')
    expect(answer.code).toBe(4)
  })

  it('repeats the diagnosis of links that wait for their peer or for the next dial', async () => {
    const plc = await PeerServer.listen(await freePort())
    const folder = folderOf({
      listen: { host: '127.0.0.1', port: await freePort() },
      partialFrame: '300ms',
      links: [
        { id: 'lab', role: 'passive', ip: '127.0.0.1' },
        { id: 'plc', role: 'active', ip: '127.0.0.1', port: plc.port },
      ],
    })
    const node = CliProcess.start(['run', '--stdio', '--keep-open'], { cwd: folder })
    const { port } = (await node.eventOf('ready'))['listen'] as { readonly port: number }
    const greeted = plc.accepted().then((connection) => {
      connection.sendRaw(Buffer.from('0300000b06e00000000000', 'hex'))
    })
    const lab = await FramedPeer.connect(port)
    lab.sendRaw(Buffer.from('\vMSH|^~\\&|A\r\u001c\r'))
    await greeted
    for (const state of ['awaiting', 'backoff']) {
      await node.event((event) => event['state'] === state && event['reason'] !== undefined)
    }
    const { findings } = await doctorIn(folder)
    const messages = findings.map(({ about, message }) => `${String(about)}: ${message}`)
    expect(messages).toEqual([
      expect.stringMatching(/^lab: is in state awaiting .* look like mllp: set codec: mllp$/),
      expect.stringMatching(/^plc: .* look like tpkt: set codec: tpkt$/),
    ])
    expect(findings.map(({ advice }) => advice)).toEqual(
      Array(2).fill(expect.stringContaining('docs/framings.md')),
    )
  })

  it('is found by its socket; without an answer, both commands exit with 5', async () => {
    const control = join(testFolder(), 'node.sock')
    const table = active(await freePort())
    const node = CliProcess.start(['run', '--stdio', '--keep-open'], {
      cwd: folderOf({ ...table, control }),
    })
    await node.eventOf('link', { link: 'plc', state: 'backoff' })
    // The same table in another folder: without --control no node is found.
    const folder = folderOf(table)
    expect(await doctorIn(folder)).toMatchObject({ pid: null })
    const answer = await doctorIn(folder, '--control', control)
    expect(answer).toMatchObject({ code: 4, pid: node.pid })
    expect(codes(answer)).toContain('link-down')
    const graph = await runCli(['graph', '--control', control], { cwd: folder })
    expect(graph.stdout).toMatch(/plc.*<br>backoff/)
    for (const command of ['doctor', 'graph']) {
      const refused = await runCli([command, '--control', `${control}x`], { cwd: folder })
      expect(refused).toMatchObject({ code: 5, stdout: '' })
      expect(refused.stderr).toContain('node.sockx')
    }
  })

  it('keeps its links: a peer whose link is up is not probed', async () => {
    const peer = await PeerServer.listen(await freePort())
    const folder = folderOf(active(peer.port))
    const node = CliProcess.start(['run', '--stdio', '--keep-open'], { cwd: folder })
    const connection = await peer.accepted()
    connection.send('hello')
    await node.eventOf('link', { state: 'up' })
    expect(await doctorIn(folder, '--dial')).toMatchObject({ code: 0, findings: [] })
    let another = false
    void peer.accepted().then(() => (another = true))
    connection.send('still here')
    await node.eventsOf('message', 2)
    expect(another).toBe(false)
  })
})

describe('--dial', () => {
  it('reports nothing for a peer that accepts and is silent', async () => {
    const peer = await PeerServer.listen(await freePort())
    const answer = await doctor(active(peer.port), '--dial')
    expect(answer).toMatchObject({ code: 0, findings: [] })
    const connection = await peer.accepted()
    await connection.until(({ hasEnded }) => hasEnded)
    expect(connection.received).toEqual([])
  })

  it('reports nothing for a peer that sends frames', async () => {
    const peer = await PeerServer.listen(await freePort())
    const greeted = peer.accepted().then((connection) => connection.send('hello', 'world'))
    expect(await doctor(active(peer.port), '--dial')).toMatchObject({ code: 0, findings: [] })
    await greeted
  })

  it('reports a peer that sends other frames', async () => {
    const peer = await PeerServer.listen(await freePort())
    const greeted = peer.accepted().then((connection) => {
      connection.sendRaw(Buffer.from('\u0003\u0000abc'))
    })
    const answer = await doctor(active(peer.port), '--dial')
    await greeted
    expect(only(answer)).toMatchObject({ finding: 'peer-framing', about: 'plc' })
    expect(only(answer)?.message).toContain('set byteOrder: little in "codec"')
    expect(answer.code).toBe(4)
  })

  it('names the codec of a peer that speaks a known protocol', async () => {
    const peer = await PeerServer.listen(await freePort())
    const greeted = peer.accepted().then((connection) => {
      connection.sendRaw(Buffer.from('0045TEST20250929101112L3L2114514        hello'))
    })
    const answer = await doctor(active(peer.port), '--dial')
    await greeted
    expect(only(answer)).toMatchObject({ finding: 'peer-framing', about: 'plc' })
    expect(only(answer)?.message).toContain('look like telegram-40: set codec: telegram-40')
  })

  it('uses the codec of the entry', async () => {
    const peer = await PeerServer.listen(await freePort())
    const greeted = peer.accepted().then((connection) => {
      connection.sendRaw(Buffer.from('\u0003\u0000abc'))
    })
    const little = active(peer.port, { codec: { use: 'len16', byteOrder: 'little' } })
    expect(await doctor(little, '--dial')).toMatchObject({ code: 0, findings: [] })
    await greeted
  })

  it('reports a peer that closes, with the address that it sees', async () => {
    const peer = await PeerServer.listen(await freePort())
    const closed = peer.accepted().then((connection) => {
      connection.reset()
    })
    const answer = await doctor(active(peer.port, { bind: '127.0.0.6' }), '--dial')
    await closed
    expect(only(answer)?.finding).toBe('peer-hangs-up')
    expect(only(answer)?.message).toContain('it sees us as 127.0.0.6')
  })

  it('distinguishes a machine without the program from one without an answer', async () => {
    const answer = await doctor(active(await freePort()), '--dial')
    expect(only(answer)).toMatchObject({ finding: 'peer-unreachable', about: 'plc' })
    expect(only(answer)?.advice).toContain('no program listens on this port')
  })

  it('does not dial disabled entries and unresolved names', async () => {
    const peer = await PeerServer.listen(await freePort())
    const answer = await doctor(
      {
        links: [
          { id: 'off', role: 'active', ip: '127.0.0.1', port: peer.port, enabled: false },
          { id: 'gone', role: 'active', host: NO_NAME, port: 9 },
        ],
      },
      '--dial',
    )
    expect(codes(answer)).toEqual(['name-unresolved'])
  })
})
