import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { LinkStatus, NodeStatus } from '@commloop/control'
import { CliProcess, endCliProcessesAfterEach, runCli } from '@commloop/test-support/cli-process'
import { closeClientsAfterEach, ControlNode } from '@commloop/test-support/control-node'
import { closePeersAfterEach, FramedPeer } from '@commloop/test-support/framed-peer'
import { freePort } from '@commloop/test-support/free-port'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()
closePeersAfterEach()
closeClientsAfterEach()

const CONFIG = {
  node: 'plant',
  listen: { host: '127.0.0.1', port: 0 },
  audit: { grace: '1h' },
  links: [
    { id: 'in', role: 'passive', ip: '127.0.0.1' },
    { id: 'cell', role: 'passive', ip: '127.0.1.0/24', slots: 2 },
  ],
}

async function withPeer(config: object = CONFIG): Promise<{ node: ControlNode; peer: FramedPeer }> {
  const node = await ControlNode.start(config)
  const peer = await FramedPeer.connect(node.port)
  await node.until<LinkStatus>('/v1/links/in', ({ state }) => state === 'up')
  return { node, peer }
}

function run(node: ControlNode, ...args: string[]) {
  return runCli(args, { cwd: node.folder })
}

const COMMANDS = [
  ['status'],
  ['send', 'x'],
  ['request', 'in', 'x'],
  ['tail'],
  ['dial', 'in'],
  ['close', 'in'],
  ['disable', 'in'],
  ['enable', 'in'],
  ['reload'],
]

describe('finding the node', () => {
  it.each(COMMANDS)(
    '%s exits with 5 if no node is running, and lists the paths that it tried',
    async (...args) => {
      const cwd = testFolder({ '.commlooprc': CONFIG })
      const { code, stdout, stderr } = await runCli(args, { cwd })
      expect(stderr).toMatch(
        /^commloop: no node of \.commlooprc is running as this user\nLooked for:\n {2}\//,
      )
      expect(stderr).toMatch(/\/commloop\/\*-[0-9a-f]{12}\.sock\n/)
      expect(stderr).toContain('Start one with `commloop run`')
      expect({ code, stdout }).toEqual({ code: 5, stdout: '' })
    },
  )

  it.each(COMMANDS)('%s exits with 2 without a configuration to name the node', async (...args) => {
    const { code, stderr } = await runCli(args, { cwd: testFolder() })
    expect(stderr).toContain(
      'give its configuration with --config FILE or COMMLOOP_CONFIG, or its socket with --control PATH',
    )
    expect(code).toBe(2)
  })

  it('uses the configuration, however it is given, or the socket', async () => {
    const { node } = await withPeer()
    const elsewhere = testFolder()
    const file = join(node.folder, '.commlooprc')
    for (const [args, env] of [
      [['status', '--config', file], {}],
      [['--config', file, 'status'], {}],
      [['status'], { COMMLOOP_CONFIG: file }],
      [['status', '--control', node.socket], {}],
    ] as const) {
      const { code, stdout } = await runCli(args, { cwd: elsewhere, env })
      expect(stdout).toMatch(/^plant: commloop \d/)
      expect(code).toBe(0)
    }
  })

  it('does not need a valid configuration, and finds a node whose name has changed in the file', async () => {
    const { node } = await withPeer()
    writeFileSync(
      join(node.folder, '.commlooprc'),
      'node: renamed\nlinks: [{ id: a, role: pasive }]\nrooter: x\n',
    )
    expect(await run(node, 'status')).toMatchObject({ code: 0 })
    writeFileSync(join(node.folder, '.commlooprc'), '{ this is : [ no yaml')
    expect(await run(node, 'status')).toMatchObject({ code: 0 })
  })

  it('ignores a socket whose process has ended', async () => {
    const { node } = await withPeer()
    node.process.kill('SIGKILL')
    await node.process.exit()
    const { code, stderr } = await run(node, 'status')
    expect(stderr).toContain('no node of .commlooprc is running')
    expect(code).toBe(5)
    const named = await run(node, 'status', '--control', node.socket)
    expect(named.stderr).toContain(
      `no node answers at ${node.socket}: the process that created it has ended`,
    )
    expect(named.code).toBe(5)
  })

  it('reports an answer that does not come from a node', async () => {
    const server = (await import('node:http')).createServer((_, response) => response.end('hello'))
    const path = join(testFolder(), 's.sock')
    await new Promise<void>((resolve) => server.listen(path, resolve))
    const { code, stderr } = await runCli(['status', '--control', path])
    server.close()
    expect(stderr).toContain('not a response of a node: hello')
    expect(code).toBe(5)
  })
})

describe('status', () => {
  it('shows a row for each link, and exits with 0 if no peer is missing', async () => {
    const { node, peer } = await withPeer()
    peer.send('one', 'two')
    await node.until<LinkStatus>('/v1/links/in', ({ counters }) => counters.received === 2)
    const { code, stdout, stderr } = await run(node, 'status')
    expect(stdout).toMatch(
      /^plant: commloop \S+, process \d+, up for .*, listens at 127\.0\.0\.1:\d+$/m,
    )
    expect(stdout).toMatch(/^link +state +for +peer +epoch +queued +written +received/m)
    expect(stdout).toMatch(/^in +up +\S+ s +127\.0\.0\.1:\d+ +1 +0 +0, 0 B +2, 10 B$/m)
    expect(stdout).toMatch(/^cell\/2 +awaiting +\S+ s +← 127\.0\.1\.0\/24 +0 +0/m)
    expect(stdout).not.toContain('\x1b')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('exits with 4 if a peer is missing, with the entry, the time and the reason', async () => {
    const port = await freePort()
    const links = [{ id: 'out', role: 'active', ip: '127.0.0.1', port }]
    const node = await ControlNode.start({ links, audit: { grace: '50ms' } })
    await node.until<NodeStatus>('/v1/status', ({ ok }) => !ok)
    const { code, stdout } = await run(node, 'status')
    expect(stdout).toMatch(/^out +(backoff|dialing) .*→ 127\.0\.0\.1:\d+ .*ECONNREFUSED/m)
    expect(stdout).toMatch(/^Missing\n {2}out is absent for \S+ s: connect ECONNREFUSED/m)
    expect(code).toBe(4)
  })

  it('--json prints the answer of the API', async () => {
    const { node } = await withPeer()
    const { code, stdout } = await run(node, 'status', '--json')
    const given = (await node.get('/v1/status')) as NodeStatus
    const printed = JSON.parse(stdout) as NodeStatus
    expect(Object.keys(printed)).toEqual(Object.keys(given))
    expect(printed).toMatchObject({ api: 1, node: 'plant', pid: node.process.pid, ok: true })
    expect(code).toBe(0)
  })

  it('escapes control characters in names', async () => {
    // The configuration rejects such a name, so another program answers: what a real node answers, with that name.
    const node = await ControlNode.start(CONFIG)
    const { text } = await node.ask('GET', '/v1/status')
    const answer = text.replaceAll('"in"', '"in\\u001b[2J"')
    const server = (await import('node:http')).createServer((_, response) => response.end(answer))
    const path = join(testFolder(), 's.sock')
    await new Promise<void>((resolve) => server.listen(path, resolve))
    const { stdout } = await runCli(['status', '--control', path])
    server.close()
    expect(stdout).toContain('in\\u001b[2J')
    expect(stdout).not.toContain('\u001b[2J')
  })

  it.each([
    [['status', '--watch', '--json'], '--watch and --json cannot be combined'],
    [['status', '--watch'], '--watch needs a terminal'],
    [['top'], '--watch needs a terminal'],
    [['status', 'in'], 'too many arguments'],
  ])('%j is a usage error', async (args, text) => {
    const { code, stderr } = await runCli(args, { cwd: testFolder({ '.commlooprc': CONFIG }) })
    expect(stderr).toContain(text)
    expect(code).toBe(2)
  })
})

describe('send', () => {
  it('sends text, hex digits, a file or stdin, and reports that it was written', async () => {
    const { node, peer } = await withPeer()
    writeFileSync(join(node.folder, 'payload.bin'), Buffer.from([1, 2, 3]))
    const stdin = CliProcess.start(['send', '--to', 'in'], { cwd: node.folder })
    stdin.write('from stdin\n')
    stdin.endInput()
    expect(await stdin.exit()).toMatchObject({ code: 0 })
    for (const args of [
      ['grüße', '--to', 'in'],
      ['--hex', '00 ff:41', '--to', '0'],
      ['--file', 'payload.bin', '--to', 'in'],
      ['', '--to', 'in'],
    ]) {
      const { code, stdout, stderr } = await run(node, 'send', ...args)
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'written to in\n', stderr: '' })
    }
    await peer.until(({ received }) => received.length === 5)
    expect(peer.received.map((payload) => payload.toString('hex'))).toEqual([
      Buffer.from('from stdin\n').toString('hex'),
      Buffer.from('grüße').toString('hex'),
      '00ff41',
      '010203',
      '',
    ])
  })

  it('exits with 1 if the message was not written, with the reason', async () => {
    const port = await freePort()
    const out = { id: 'out', role: 'active', ip: '127.0.0.1', port }
    const node = await ControlNode.start({ ...CONFIG, links: [...CONFIG.links, out] })
    for (const [args, reason] of [
      [
        ['x', '--to', 'out', '--timeout', '100ms'],
        'commloop: expired on out: not sent within 100ms\n',
      ],
      [['x', '--to', 'nobody'], 'commloop: no link "nobody" in the table\n'],
      [['x', '--to', 'otu'], 'commloop: no link "otu" in the table. Did you mean "out"?\n'],
      [
        ['x', '--to', 'in', '--to', 'cel/2'],
        'commloop: no link "cel/2" in the table. Did you mean "cell/2"?\n',
      ],
      [['x', '--to', 'cell'], '"cell" has 2 links: name cell/1, cell/2'],
      [['x', '--to', 'cell/1'], 'commloop: link down: "cell/1"\n'],
      [['x'], 'commloop: dropped: '],
      [['x'.repeat(66_000), '--to', 'in'], 'payload of 66000 bytes'],
    ] as const) {
      const { code, stdout, stderr } = await run(node, 'send', ...args)
      expect(stderr).toContain(reason)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    }
  })

  it('--json prints the outcome of each copy', async () => {
    const { node } = await withPeer()
    const { code, stdout } = await run(node, 'send', 'x', '--to', 'in', '--json')
    const copies = [{ outcome: 'written', link: 'in', reason: null }]
    expect({ code, answer: JSON.parse(stdout) as unknown }).toEqual({
      code: 0,
      answer: { written: true, copies },
    })
  })

  it.each([
    [['x', '--hex', '00'], 'TEXT and --hex cannot be combined'],
    [['--hex', '0'], '--hex: expected two digits'],
    [['--hex', 'zz'], '--hex: expected two digits'],
    [['--file', 'missing'], '--file: ENOENT'],
    [['x', '--timeout', 'soon'], '--timeout: expected a duration'],
    [['x', '--timeout', '0'], '--timeout: expected a duration'],
    [['x', '--timeout', '2h'], 'up to 60s'],
    [['x', 'y'], 'too many arguments'],
  ])('%j is a usage error, and nothing is sent', async (args, text) => {
    const { code, stderr } = await runCli(['send', ...args], {
      cwd: testFolder({ '.commlooprc': CONFIG }),
    })
    expect(stderr).toContain(text)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(code).toBe(2)
  })
})

/** Answers each message with the text that `answers` gives for it. */
async function answering(peer: FramedPeer, ...answers: readonly Uint8Array[]): Promise<void> {
  for (const [at, answer] of answers.entries()) {
    await peer.until(({ received }) => received.length > at)
    peer.send(answer)
  }
}

describe('request', () => {
  it('prints the answer as text, as a hex dump, as JSON or as it is', async () => {
    const { node, peer } = await withPeer()
    const bytes = Buffer.from([0x00, 0xff])
    const escape = Buffer.from('21 \u001b[31m')
    const answered = answering(peer, Buffer.from('grüße'), escape, bytes, bytes, bytes)
    const ends = []
    for (const args of [
      ['in', 'how warm?'],
      ['0', '--hex', '01 02'],
      ['in', 'x'],
      ['in', 'x', '--json'],
      ['in', 'x', '--raw'],
    ]) {
      ends.push(await run(node, 'request', ...args))
    }
    await answered
    const answer = { link: 'in', epoch: 1, base64: bytes.toString('base64') }
    expect(ends.map(({ code, stdout, stderr }) => [code, stdout, stderr])).toEqual([
      [0, 'grüße\n', ''],
      [0, '21 \\u001b[31m\n', ''],
      [0, expect.stringMatching(/^ {2}0000 {2}00 ff .*\n$/), ''],
      [0, `${JSON.stringify(answer)}\n`, ''],
      [0, bytes.toString(), ''],
    ])
    expect(peer.received.slice(0, 2).map((payload) => payload.toString('hex'))).toEqual([
      Buffer.from('how warm?').toString('hex'),
      '0102',
    ])
  })

  it('exits with 6 if the peer does not answer in time, and with 1 if the link is down', async () => {
    const { node } = await withPeer()
    const late = await run(node, 'request', 'in', 'x', '--timeout', '50ms')
    expect(late).toMatchObject({ code: 6, stdout: '' })
    expect(late.stderr).toBe('commloop: "in" did not answer within 50ms\n')
    const down = await run(node, 'request', 'cell/1', 'x')
    expect(down).toMatchObject({ code: 1, stdout: '' })
    expect(down.stderr).toMatch(/^commloop: "cell\/1" is awaiting: a request does not wait/)
    const unknown = await run(node, 'request', 'cel/1', 'x')
    expect(unknown.stderr).toContain('Did you mean "cell/1"?')
    const several = await run(node, 'request', 'cell/*', 'x')
    expect(several).toMatchObject({ code: 1 })
    expect(several.stderr).toContain('to: expected the id of one link')
    const { counters } = (await node.get('/v1/status')) as NodeStatus
    expect(counters.requests).toMatchObject({ asked: 3, timedOut: 1, linkDown: 1, refused: 1 })
  })
})

describe('tail', () => {
  async function tailing(node: ControlNode, ...args: string[]): Promise<CliProcess> {
    const tail = CliProcess.start(['tail', ...args], { cwd: node.folder, stdin: 'ignore' })
    // The node has subscribed the client: messages sent from now on are shown.
    if (!args.includes('--json')) await tail.stderrLine((line) => line.startsWith('messages of'))
    return tail
  }

  it('shows messages of both directions, and ends with the node', async () => {
    const { node, peer } = await withPeer()
    const tail = await tailing(node)
    peer.send('hel\x1blo', Buffer.from([0xff, 0xfe]), '')
    await run(node, 'send', 'answer', '--to', 'in')
    await tail.stdoutLine((line) => line.endsWith(' → in#1 6 B  answer'))
    node.process.kill('SIGTERM')
    peer.end()
    expect(await tail.exit()).toEqual({ code: 0, signal: null })
    const lines = tail.stdoutLines.map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d\d\d /, ''))
    expect(lines).toEqual([
      '← in#1 6 B  hel\\u001blo',
      '← in#1 2 B',
      '  0000  ff fe                                            |..|',
      '← in#1 0 B',
      '→ in#1 6 B  answer',
    ])
    expect(tail.stderrText).toContain('the node has stopped')
  })

  it('shows only the given link; --hex shows bytes', async () => {
    const { node, peer } = await withPeer()
    const tail = await tailing(node, 'cell', '--hex')
    const other = await FramedPeer.connect(node.port, '127.0.0.1', '127.0.1.7')
    peer.send('elsewhere')
    other.send('0123456789abcdefg')
    await tail.stdoutLine((line) => line.includes('|g|'))
    expect(tail.stdoutText).not.toContain('in#1')
    expect(tail.stdoutLines[1]).toBe(
      '  0000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  |0123456789abcdef|',
    )
    tail.kill('SIGINT')
    expect(await tail.exit()).toEqual({ code: 0, signal: null })
  })

  it('--json prints one object a line', async () => {
    const { node, peer } = await withPeer()
    const tail = await tailing(node, '--json')
    const ping = setInterval(() => peer.send('x'), 20)
    const event = await tail.eventOf('message')
    clearInterval(ping)
    expect(event).toEqual({
      type: 'message',
      direction: 'received',
      link: 'in',
      epoch: 1,
      bytes: 1,
      base64: 'eA==',
    })
  })

  it('exits with 0 when its reader closes stdout', async () => {
    const { node, peer } = await withPeer()
    const tail = await tailing(node)
    tail.closeOutput()
    const ping = setInterval(() => peer.send('x'), 20)
    const status = await tail.exit()
    clearInterval(ping)
    expect(status).toEqual({ code: 0, signal: null })
  })

  it('exits with 1 for an unknown link', async () => {
    const { node } = await withPeer()
    const { code, stderr } = await run(node, 'tail', 'nobody')
    expect(stderr).toBe('commloop: no link "nobody" in the table\n')
    expect(code).toBe(1)
  })
})

describe('dial, close, disable, enable', () => {
  it('act on a link, and print its state', async () => {
    const { node, peer } = await withPeer()
    expect(await run(node, 'close', 'in')).toMatchObject({
      code: 0,
      stdout: 'in: connection is closing\n',
    })
    await peer.until(({ hasEnded }) => hasEnded)
    peer.end()
    await node.until<LinkStatus>('/v1/links/in', ({ state }) => state === 'awaiting')
    const disabled = await run(node, 'disable', 'in')
    expect(disabled.stdout).toMatch(/^in is idle.*; it stays down until it is enabled\n$/)
    const enabled = await run(node, 'enable', '0')
    expect(enabled).toMatchObject({ code: 0 })
    expect(enabled.stdout).toMatch(/^in is awaiting/)
  })

  it.each([
    [['dial', 'in'], 1, 'in is passive: its peer dials us'],
    [['close', 'cell/1'], 1, 'cell/1 is not up: it is awaiting'],
    [['enable', 'nobody'], 1, 'no link "nobody" in the table'],
    [['disable', 'cell2'], 1, 'no link "cell2" in the table. Did you mean "cell"?'],
    [['disable'], 2, "missing required argument 'link'"],
  ])('%j exits with %i', async (args, code, text) => {
    const node = await ControlNode.start(CONFIG)
    const ended = await run(node, ...args)
    expect(ended.stderr).toContain(text)
    expect(ended.code).toBe(code)
  })
})

describe('reload', () => {
  const grown = {
    ...CONFIG,
    links: [...CONFIG.links, { id: 'new', role: 'passive', ip: '127.0.0.9' }],
  }

  it('makes the running node reload its file, and prints the changes', async () => {
    const { node } = await withPeer()
    writeFileSync(join(node.folder, '.commlooprc'), JSON.stringify(grown))
    const { code, stdout, stderr } = await run(node, 'reload')
    expect(stderr).toBe('')
    expect(stdout).toBe(
      `reloaded ${join(node.folder, '.commlooprc')}\nadded: new\nunchanged: 3 links\n`,
    )
    expect(code).toBe(0)
    const { epoch, state } = await node.until<LinkStatus>('/v1/links/in', () => true)
    expect({ epoch, state }).toEqual({ epoch: 1, state: 'up' })
  })

  it('reports that nothing changed, and in JSON the links of each kind', async () => {
    const { node } = await withPeer()
    expect((await run(node, 'reload')).stdout).toMatch(
      /\nnothing was changed\nunchanged: 3 links\n$/,
    )
    const { stdout } = await run(node, 'reload', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      file: join(node.folder, '.commlooprc'),
      added: [],
      unchanged: ['in', 'cell/1', 'cell/2'],
    })
  })

  it('changes nothing if the file is wrong, and prints the problems with line and column', async () => {
    const { node } = await withPeer()
    writeFileSync(join(node.folder, '.commlooprc'), 'node: plant\nlinkz: []\n')
    const { code, stdout, stderr } = await run(node, 'reload')
    expect(stderr).toMatch(/^commloop: nothing was changed\n/)
    expect(stderr).toContain('.commlooprc:2:1  linkz: unknown key. Did you mean "links"?')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect((await node.until<LinkStatus>('/v1/links/in', () => true)).state).toBe('up')
  })
})
