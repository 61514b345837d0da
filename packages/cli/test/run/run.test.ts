import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { CliProcess, endCliProcessesAfterEach, runCli } from '@commloop/test-support/cli-process'
import { closePeersAfterEach, FramedPeer, PeerServer } from '@commloop/test-support/framed-peer'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()
closePeersAfterEach()

const LISTENING = {
  node: 'plant',
  listen: { host: '127.0.0.1', port: 0 },
  links: [{ id: 'in', role: 'passive', ip: '127.0.0.1' }],
}

function start(config: object, files: Readonly<Record<string, unknown>> = {}, args: string[] = []) {
  const cwd = testFolder({ '.commlooprc': config, ...files })
  return CliProcess.start(args, { cwd, stdin: 'ignore' })
}

/** The port that the node listens at, from its log. */
async function portOf(commloop: CliProcess): Promise<number> {
  const { listen } = await commloop.log(({ msg }) => msg.startsWith('listening at'))
  return (listen as { port: number }).port
}

describe('run', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('starts, and stops with 0 on %s', async (signal) => {
    const commloop = start(LISTENING)
    const peer = await FramedPeer.connect(await portOf(commloop))
    await commloop.log(({ msg }) => msg.startsWith('in is up with 127.0.0.1:'))
    commloop.kill(signal)
    await peer.until(({ hasEnded }) => hasEnded)
    peer.end()
    expect(await commloop.exit()).toEqual({ code: 0, signal: null })
    await commloop.log(({ msg }) => msg.startsWith(`${signal}: stopping, within 5s`))
    expect(commloop.stderrLines.at(-1)).toContain('"msg":"stopped"')
    expect(commloop.stdoutText).toBe('')
  })

  it('logs its file, and the place of each plugin', async () => {
    const commloop = start(
      { ...LISTENING, router: './route.mjs' },
      {
        'route.mjs': 'export default { name: "r", route: () => "in" }',
      },
    )
    const { file } = await commloop.log(({ msg }) => msg.startsWith('configuration: '))
    expect(String(file)).toMatch(/\.commlooprc$/)
    for (const text of [
      /^transport tcp: @commloop\/transport-tcp \d/,
      /^codec len16: @commloop\/codec-len16 \d/,
      /^reconnect exponential: @commloop\/core \d/,
      /^router \.\/route\.mjs: \/.*\/route\.mjs$/,
    ]) {
      await commloop.log(({ msg }) => text.test(msg))
    }
  })

  it('logs JSON lines only, each with the name of the node', async () => {
    const commloop = start(LISTENING)
    await portOf(commloop)
    commloop.kill('SIGTERM')
    await commloop.exit()
    for (const line of commloop.stderrLines) {
      expect(JSON.parse(line)).toMatchObject({ node: 'plant', level: 'info' })
    }
  })

  it.each([
    ['--log-level info', ['--log-level', 'info'], {}, 'info'],
    ['--log-level warn', ['--log-level', 'warn'], {}, undefined],
    ['COMMLOOP_LOG=silent', [], { COMMLOOP_LOG: 'silent' }, undefined],
    [
      '--log-level info, whatever COMMLOOP_LOG is',
      ['--log-level', 'info'],
      { COMMLOOP_LOG: 'silent' },
      'info',
    ],
  ])('logs at the level given by %s', async (_, args, env, level) => {
    const cwd = testFolder({ '.commlooprc': LISTENING })
    const { code, stderr, stdout } = await runCli(['run', '--stdio', ...args], { cwd, env })
    expect(code).toBe(0)
    expect(stdout).toContain('"type":"ready"')
    if (level === undefined) expect(stderr).toBe('')
    else expect(stderr).toContain(`"level":"${level}"`)
  })

  it('keeps running when every link is exhausted and it has no listener', async () => {
    const commloop = start(
      {
        links: [{ id: 'out', role: 'active', ip: '127.0.0.1', port: 1 }],
        reconnect: { use: 'exponential', maxAttempts: 1 },
        rearmAfter: 0,
        audit: { every: 0 },
        router: './alive.mjs',
      },
      {
        // The timer does not keep the process alive; its output shows that the process is.
        'alive.mjs':
          'setInterval(() => process.stderr.write(`{"level":"x","msg":"alive"}\\n`), 20).unref()\n' +
          'export default { name: "r", route: () => "out" }',
      },
    )
    await commloop.log(({ msg }) => msg.startsWith('out is exhausted'))
    let lines = 0
    const before = commloop.stderrLines.length
    await commloop.stderrLine(
      (line) => line.includes('alive') && commloop.stderrLines.length > before && ++lines > 10,
    )
    commloop.kill('SIGTERM')
    expect(await commloop.exit()).toMatchObject({ code: 0 })
  })

  it('logs at the end how many messages were not written, and exits with 0', async () => {
    const commloop = start(
      { ...LISTENING, relay: true, router: './drop.mjs' },
      {
        'drop.mjs':
          'export default { name: "d", route: ({ payload }) =>' +
          ' payload[0] === 100 ? { drop: "of no use" } : "nowhere" }',
      },
    )
    const peer = await FramedPeer.connect(await portOf(commloop))
    peer.send('d1', 'd2', 'd3', 'x')
    await commloop.log(({ msg }) => msg.includes('undeliverable'))
    commloop.kill('SIGTERM')
    expect(await commloop.exit()).toMatchObject({ code: 0 })
    const line = await commloop.log(({ msg }) => msg.includes('not written'))
    expect(line).toMatchObject({
      level: 'warn',
      msg: '4 messages not written: 3 dropped, 1 undeliverable',
    })
    const dropped = await commloop.log(({ outcome }) => outcome === 'dropped')
    expect(dropped).toMatchObject({ level: 'warn', msg: 'message dropped: of no use' })
  })

  it('never logs a payload', async () => {
    const commloop = start({ ...LISTENING, relay: true }, {}, ['--log-level', 'debug'])
    const peer = await FramedPeer.connect(await portOf(commloop))
    peer.send('the secret of the furnace')
    await commloop.log(({ outcome }) => outcome === 'dropped')
    commloop.kill('SIGTERM')
    await commloop.exit()
    expect(commloop.stderrText).not.toContain('secret')
  })
})

describe('run that cannot listen', () => {
  it('exits with 3 if the port is taken, with a remedy', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const config = { ...LISTENING, listen: { host: '127.0.0.1', port } }
    const cwd = testFolder({ '.commlooprc': config })
    const { code, stderr } = await runCli(['--log-level', 'error'], { cwd })
    await new Promise((resolve) => server.close(resolve))
    expect(stderr).toContain(`commloop: cannot listen at 127.0.0.1:${String(port)}: `)
    expect(stderr).toContain('another program uses this port')
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(code).toBe(3)
  })

  it('waits for an address that this machine does not have, and says so', async () => {
    const config = {
      ...LISTENING,
      listen: { host: '203.0.113.7', port: 8000 },
      control: './control.sock',
    }
    const cwd = testFolder({ '.commlooprc': config })
    const commloop = CliProcess.start([], { cwd, stdin: 'ignore' })
    const { code } = await commloop.log(({ msg }) => msg.includes('not listening at'))
    expect(code).toBe('LISTEN_WAITING')
    await commloop.log(({ msg }) => msg.includes('control socket'))
    const status = await runCli(['status'], { cwd })
    expect(status.stdout).toContain('the listener at 203.0.113.7:8000 for ')
    expect(status.stdout).toContain('EADDRNOTAVAIL')
    expect(status.code).toBe(4)
    commloop.kill('SIGTERM')
    expect(await commloop.exit()).toMatchObject({ code: 0 })
  })
})

describe('a plugin that fails', () => {
  const route = (body: string): Record<string, string> => ({
    'route.mjs': `export default { name: 'r', route({ payload }) { ${body} } }`,
  })
  const config = { ...LISTENING, relay: true, router: './route.mjs' }

  it('does not stop the node by an unhandled rejection', async () => {
    const commloop = start(config, route(`Promise.reject(new Error('stray')); return 'in'`))
    const peer = await FramedPeer.connect(await portOf(commloop))
    peer.send('one')
    await commloop.log(({ level, msg }) => level === 'error' && msg.includes('stray'))
    peer.send('two', 'three')
    await peer.until(({ received }) => received.length === 3)
    expect(peer.texts).toEqual(['one', 'two', 'three'])
    commloop.kill('SIGTERM')
    expect(await commloop.exit()).toMatchObject({ code: 0 })
  })

  it('stops the node in order by an uncaught exception, and exits with 1', async () => {
    const commloop = start(
      config,
      route(`setImmediate(() => { throw new Error('thrown') }); return 'in'`),
    )
    const peer = await FramedPeer.connect(await portOf(commloop))
    peer.send('one')
    await peer.until(({ hasEnded }) => hasEnded)
    peer.end()
    expect(await commloop.exit()).toEqual({ code: 1, signal: null })
    // The queued message was written before the stop.
    expect(peer.texts).toEqual(['one'])
    const { level } = await commloop.log(({ msg }) => msg.includes('Error: thrown; stopping'))
    expect(level).toBe('error')
  })

  it('cannot keep the process running by throwing again and again', async () => {
    const commloop = start(
      { ...config, stopDeadline: '200ms' },
      route(`setInterval(() => { throw new Error('again') }, 1); return 'in'`),
    )
    const peer = await FramedPeer.connect(await portOf(commloop))
    peer.send('one')
    expect(await commloop.exit()).toEqual({ code: 1, signal: null })
  })

  it('has its Node.js warnings logged', async () => {
    const commloop = start(config, route(`process.emitWarning('old ways'); return 'in'`))
    const peer = await FramedPeer.connect(await portOf(commloop))
    peer.send('one')
    const line = await commloop.log(({ msg }) => msg.includes('old ways'))
    expect(line.level).toBe('warn')
  })

  it('cannot keep a stopped process running by a timer', async () => {
    const commloop = start(config, route(`setInterval(() => {}, 1000); return 'in'`))
    const peer = await FramedPeer.connect(await portOf(commloop))
    peer.send('one')
    await peer.until(({ received }) => received.length === 1)
    commloop.kill('SIGTERM')
    expect(await commloop.exit()).toMatchObject({ code: 0 })
  })
})

describe('stopping', () => {
  /** A node with a long queue, and a peer that does not read. */
  async function stuck(stopDeadline: string): Promise<{ commloop: CliProcess; peer: FramedPeer }> {
    const server = await PeerServer.listen()
    const limits = { outbox: '64MiB', highWaterMark: '64MiB', stopDeadline }
    const links = [{ id: 'out', role: 'active', ip: '127.0.0.1', port: server.port }]
    const cwd = testFolder({ '.commlooprc': { ...limits, links } })
    const commloop = CliProcess.start(['run', '--stdio'], { cwd })
    const peer = await server.accepted()
    peer.pause()
    await commloop.eventOf('link', { state: 'up' })
    const payload = 'x'.repeat(60_000)
    for (let count = 0; count < 400; count++) commloop.send({ payload })
    commloop.send({ payload: 'x', to: 'nowhere', id: 'last' })
    await commloop.eventOf('error', { id: 'last' })
    return { commloop, peer }
  }

  it('writes queued messages first', async () => {
    const { commloop, peer } = await stuck('30s')
    commloop.kill('SIGTERM')
    await commloop.eventOf('link', { state: 'draining' })
    peer.resume()
    await peer.until(({ received }) => received.length === 400)
    peer.end()
    // The line to `nowhere` was refused.
    expect(await commloop.exit()).toEqual({ code: 1, signal: null })
    await commloop.log(({ msg }) => msg === '1 line of input was invalid or refused')
    expect(commloop.stderrText).not.toContain('not written')
  })

  it('drops messages at the deadline, and counts them', async () => {
    const { commloop } = await stuck('300ms')
    commloop.kill('SIGTERM')
    expect(await commloop.exit()).toEqual({ code: 1, signal: null })
    await commloop.log(({ msg }) => /^\d+ messages not written: \d+ dropped$/.test(msg))
  })

  it('exits immediately with 1 on a second signal', async () => {
    const { commloop } = await stuck('1h')
    commloop.kill('SIGINT')
    await commloop.eventOf('link', { state: 'draining' })
    // A signal right after the first counts as the same one, forwarded by npm.
    const again = setInterval(() => {
      commloop.kill('SIGTERM')
    }, 50)
    const status = await commloop.exit()
    clearInterval(again)
    expect(status).toEqual({ code: 1, signal: null })
    await commloop.log(({ msg }) => msg === 'SIGTERM again: exiting immediately')
  })

  it('treats two signals in quick succession as one', async () => {
    const { commloop, peer } = await stuck('30s')
    // Two different signals, because the kernel merges pending signals of one kind.
    commloop.kill('SIGINT')
    commloop.kill('SIGTERM')
    await commloop.eventOf('link', { state: 'draining' })
    peer.resume()
    await peer.until(({ received }) => received.length === 400)
    peer.end()
    await commloop.exit()
    expect(commloop.stderrText).not.toContain('again')
  })
})

describe('a log without a reader', () => {
  it('does not affect the node', async () => {
    const cwd = testFolder({ '.commlooprc': LISTENING })
    const commloop = CliProcess.start(['run', '--stdio', '--text'], { cwd })
    const { listen } = await commloop.eventOf('ready')
    commloop.closeLog()
    const { port } = listen as { port: number }
    for (const text of ['one', 'two']) {
      const peer = await FramedPeer.connect(port)
      peer.send(text)
      await commloop.eventOf('message', { payload: text })
      peer.end()
      await peer.until(({ hasClosed }) => hasClosed)
    }
    commloop.endInput()
    expect(await commloop.exit()).toEqual({ code: 0, signal: null })
  })
})
