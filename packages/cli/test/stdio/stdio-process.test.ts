import type { NodeStatus } from '@commloop/control'
import { describe, expect, it, vi } from 'vitest'
import {
  CliProcess,
  endCliProcessesAfterEach,
  type OutputLine,
  runCli,
} from '@commloop/test-support/cli-process'
import { closePeersAfterEach, FramedPeer, PeerServer } from '@commloop/test-support/framed-peer'
import { freePort } from '@commloop/test-support/free-port'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()
closePeersAfterEach()

const LISTEN = { host: '127.0.0.1', port: 0 }
const IN = { id: 'in', role: 'passive', ip: '127.0.0.1' }

function out(port: number, more: object = {}): object {
  return { id: 'out', role: 'active', ip: '127.0.0.1', port, ...more }
}

function start(config: object, args: readonly string[] = [], files: object = {}): CliProcess {
  const cwd = testFolder({ '.commlooprc': config, ...files })
  return CliProcess.start(['run', '--stdio', '--log-level', 'warn', ...args], { cwd })
}

async function portOf(commloop: CliProcess): Promise<number> {
  const { listen } = await commloop.eventOf('ready')
  return (listen as { port: number }).port
}

/** Answers to a peer that listens and is dialled by `out`. */
async function dialled(
  config: object = {},
  args: readonly string[] = [],
): Promise<{ commloop: CliProcess; peer: FramedPeer; server: PeerServer }> {
  const server = await PeerServer.listen()
  const commloop = start({ links: [out(server.port)], ...config }, args)
  const peer = await server.accepted()
  await commloop.eventOf('link', { state: 'up' })
  return { commloop, peer, server }
}

function textOf({ base64 }: OutputLine): string {
  return Buffer.from(String(base64), 'base64').toString()
}

function placeOf(commloop: CliProcess, matches: (event: OutputLine) => boolean): number {
  return commloop.events.findIndex(matches)
}

describe('requests on stdio', () => {
  it('get their answers, in order, and the node waits for them when the input ends', async () => {
    const { commloop, peer } = await dialled()
    commloop.send({ request: 'how warm?', to: 'out', id: 'a' })
    commloop.send({ request: { hex: '0102' }, to: 'out', id: 'b' })
    commloop.endInput()
    await peer.until(({ received }) => received.length === 1)
    peer.send('21')
    await peer.until(({ received }) => received.length === 2)
    peer.send('22', 'news')
    const { code } = await commloop.exit()
    expect(commloop.events.filter(({ type }) => type === 'answer')).toEqual([
      { type: 'answer', id: 'a', link: 'out', epoch: 1, base64: base64('21') },
      { type: 'answer', id: 'b', link: 'out', epoch: 1, base64: base64('22') },
    ])
    expect(commloop.events.filter(({ type }) => type === 'message').map(textOf)).toEqual(['news'])
    expect(peer.received.map((payload) => payload.toString('latin1'))).toEqual([
      'how warm?',
      '\x01\x02',
    ])
    expect(code).toBe(0)
  })

  it('get an error line if they end without an answer, and the node exits with 1', async () => {
    const { commloop } = await dialled({}, ['--text'])
    commloop.send({ request: 'x', to: 'out', id: 'late', timeout: '50ms' })
    commloop.send({ request: 'x', to: 'nowhere', id: 'unknown' })
    commloop.send({ request: 'x', to: ['out'], id: 'several' })
    commloop.send({ request: 5, to: 'out' })
    commloop.send({ request: 'x', to: 'out', ttl: '5s' })
    commloop.endInput()
    const { code } = await commloop.exit()
    const errors = commloop.events.filter(({ type }) => type === 'error')
    expect(errors.map(({ line, id, code: why }) => [line, id, why]).sort()).toEqual([
      [1, 'late', 'CML_ERR_REQUEST_TIMEOUT'],
      [2, 'unknown', 'CML_ERR_LINK_UNKNOWN'],
      [3, 'several', 'CML_ERR_INPUT_INVALID'],
      [4, undefined, 'CML_ERR_INPUT_INVALID'],
      [5, undefined, 'CML_ERR_INPUT_INVALID'],
    ])
    expect(code).toBe(1)
  })
})

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

describe('two nodes on stdio', () => {
  it('deliver every byte in both directions, and exit with 0', async () => {
    const right = start({ node: 'right', listen: LISTEN, links: [IN] }, ['--keep-open'])
    const left = start({ node: 'left', links: [out(await portOf(right))] })
    await right.eventOf('link', { link: 'in', state: 'up' })
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    left.send({ base64: all.toString('base64'), id: 'one' })
    left.send({ hex: '00ff' })
    left.send({ payload: 'é连😀' })
    left.send({ payload: '' })
    const largest = Buffer.alloc(65_535, 7)
    left.send({ base64: largest.toString('base64') })
    const got = await right.eventsOf('message', 5)
    expect(got.map(({ base64 }) => base64)).toEqual(
      [all, Buffer.of(0, 255), Buffer.from('é连😀'), Buffer.alloc(0), largest].map((bytes) =>
        bytes.toString('base64'),
      ),
    )
    expect(got[0]).toMatchObject({ link: 'in', epoch: 1 })
    expect(await left.eventOf('outcome')).toEqual({
      type: 'outcome',
      id: 'one',
      outcome: 'written',
      link: 'out',
    })
    right.send({ payload: 'back', to: 'in' })
    expect(textOf(await left.eventOf('message', { link: 'out' }))).toBe('back')
    left.endInput()
    expect(await left.exit()).toMatchObject({ code: 0 })
    await right.eventOf('link', { state: 'awaiting', epoch: 1, reason: 'peer closed' })
    right.kill('SIGTERM')
    expect(await right.exit()).toMatchObject({ code: 0 })
    expect(right.stderrText + left.stderrText).toBe('')
  })

  it('write `ready` first', async () => {
    const { commloop } = await dialled({ node: 'plant' })
    expect(commloop.events[0]).toEqual({ type: 'ready', node: 'plant' })
    const listening = start({ node: 'plant', listen: LISTEN, links: [IN] })
    const port = await portOf(listening)
    expect(port).toBeGreaterThan(0)
    await listening.eventOf('link', { state: 'awaiting' })
    expect(listening.events[0]).toEqual({
      type: 'ready',
      node: 'plant',
      listen: { host: '127.0.0.1', port },
    })
  })

  it('keep the order of ten thousand messages in both directions at the same time', async () => {
    const count = 10_000
    const right = start({ listen: LISTEN, links: [IN] }, ['--keep-open', '--text'])
    const left = start({ links: [out(await portOf(right))] }, ['--keep-open', '--text'])
    await right.eventOf('link', { link: 'in', state: 'up' })
    for (let number = 0; number < count; number++) {
      left.send({ payload: `l${String(number)}` })
      right.send({ payload: `r${String(number)}` })
    }
    for (const [process, letter] of [
      [left, 'r'],
      [right, 'l'],
    ] as const) {
      const got = await process.eventsOf('message', count)
      expect(got.map(({ payload }) => payload)).toEqual(
        Array.from({ length: count }, (_, number) => `${letter}${String(number)}`),
      )
    }
  })
})

describe('lines of input', () => {
  it('that are invalid or refused do not affect other lines', async () => {
    const server = await PeerServer.listen()
    const cell = { id: 'cell', role: 'passive', ip: '127.0.0.0/8', slots: 2 }
    const small = out(await freePort(), { id: 'small', outbox: 1_000 })
    const commloop = start({ listen: LISTEN, links: [out(server.port), cell, small] })
    const peer = await server.accepted()
    await commloop.eventOf('link', { link: 'out', state: 'up' })
    const errors: readonly (readonly [string, string, RegExp])[] = [
      ['nonsense', 'CML_ERR_INPUT_INVALID', /^not valid JSON/],
      ['{"payload":"x","id":"5"', 'CML_ERR_INPUT_INVALID', /^not valid JSON/],
      ['{"to":"out","id":"a"}', 'CML_ERR_INPUT_INVALID', /exactly one of/],
      ['{"payload":"x","too":"out","id":"a"}', 'CML_ERR_INPUT_INVALID', /Did you mean "to"/],
      ['{"hex":"0","id":"a"}', 'CML_ERR_INPUT_INVALID', /^hex/],
      ['{"payload":"x","to":"nowhere","id":"a"}', 'CML_ERR_LINK_UNKNOWN', /"nowhere"/],
      ['{"payload":"x","to":7,"id":"a"}', 'CML_ERR_LINK_UNKNOWN', /position 7/],
      ['{"payload":"x","to":"cell","id":"a"}', 'CML_ERR_LINK_AMBIGUOUS', /cell\/1/],
      ['{"payload":"x","to":"cell/1","id":"a"}', 'CML_ERR_LINK_DOWN', /cell\/1/],
      ['{"payload":"x","to":"cell/*","id":"a"}', 'CML_ERR_LINK_DOWN', /cell\/\*/],
      [
        JSON.stringify({ payload: 'x'.repeat(65_536), to: 'out', id: 'a' }),
        'CML_ERR_PAYLOAD_TOO_LARGE',
        /65536/,
      ],
      [
        JSON.stringify({ payload: 'x'.repeat(2_000), to: 'small', id: 'a' }),
        'CML_ERR_OUTBOX_FULL',
        /small/,
      ],
      [`{"payload":"${'x'.repeat(600_000)}"}`, 'CML_ERR_INPUT_INVALID', /^line of 600014 bytes/],
    ]
    for (const [at, [line]] of errors.entries()) {
      commloop.write(`${line}\n`)
      commloop.send({ payload: `good ${String(at)}`, to: 'out' })
    }
    commloop.endInput()
    expect(await commloop.exit()).toMatchObject({ code: 1 })
    const written = commloop.events.filter(({ type }) => type === 'error')
    expect(written).toHaveLength(errors.length)
    for (const [at, [line, code, message]] of errors.entries()) {
      expect(written[at]).toMatchObject({ code, line: 2 * at + 1 })
      expect(String(written[at]?.message)).toMatch(message)
      expect(written[at]?.id).toBe(line.includes('"id":"a"') ? 'a' : undefined)
    }
    expect(peer.texts).toEqual(errors.map((_, at) => `good ${String(at)}`))
  })

  it('that are invalid make the exit code 1, even if all other messages were written', async () => {
    const { commloop, peer } = await dialled()
    commloop.write('{"payload":"one"}\n{"payload":\n')
    commloop.endInput()
    expect(await commloop.exit()).toMatchObject({ code: 1 })
    expect(peer.texts).toEqual(['one'])
  })

  it('can be blank, end with a carriage return, and lack the last line feed', async () => {
    const { commloop, peer } = await dialled()
    commloop.write('\n  \n{"payload":"one"}\r\n\r\n{"payload":"two"}')
    commloop.endInput()
    expect(await commloop.exit()).toMatchObject({ code: 0 })
    expect(peer.texts).toEqual(['one', 'two'])
  })

  it('are joined from chunks', async () => {
    const { commloop, peer } = await dialled()
    for (const byte of Buffer.from('{"payload":"é连😀"}\n')) commloop.write(Uint8Array.of(byte))
    await peer.until(({ received }) => received.length === 1)
    expect(peer.texts).toEqual(['é连😀'])
  })

  it('choose their target: a link, a position, several, or one connection', async () => {
    const commloop = start({ listen: LISTEN, links: [{ ...IN, id: 'cell', slots: 2 }] })
    const port = await portOf(commloop)
    const first = await FramedPeer.connect(port)
    await commloop.eventOf('link', { link: 'cell/1', state: 'up' })
    const second = await FramedPeer.connect(port)
    await commloop.eventOf('link', { link: 'cell/2', state: 'up' })
    commloop.send({ payload: 'first', to: 'cell/1' })
    commloop.send({ payload: 'all', to: 'cell/*', id: 'twice' })
    commloop.send({ payload: 'both', to: ['cell/2', 'cell/1', 'cell/2'] })
    commloop.send({ payload: 'now', to: { link: 'cell/2', epoch: 1 } })
    commloop.send({ payload: 'later', to: { link: 'cell/2', epoch: 2 }, id: 'stale' })
    await first.until(({ received }) => received.length === 3)
    await second.until(({ received }) => received.length === 3)
    expect(first.texts).toEqual(['first', 'all', 'both'])
    expect(second.texts).toEqual(['all', 'both', 'now'])
    await commloop.eventOf('outcome', { id: 'twice', outcome: 'written', link: 'cell/1' })
    await commloop.eventOf('outcome', { id: 'twice', outcome: 'written', link: 'cell/2' })
    await commloop.eventOf('outcome', { id: 'stale', outcome: 'dropped', reason: 'epoch' })
  })
})

describe('outcomes', () => {
  it('are written for messages without an id if they were not sent', async () => {
    const commloop = start({ listen: LISTEN, links: [IN, out(await freePort())] })
    await portOf(commloop)
    commloop.send({ payload: 'who' })
    const dropped = await commloop.eventOf('outcome', { outcome: 'dropped' })
    expect(dropped).toMatchObject({ count: 1 })
    expect(String(dropped.reason)).toContain('no router')
    expect(dropped).not.toHaveProperty('id')
    commloop.send({ payload: 'late', to: 'out', ttl: '20ms', id: 'late' })
    await commloop.eventOf('outcome', {
      id: 'late',
      outcome: 'expired',
      link: 'out',
      reason: 'ttl',
    })
    commloop.endInput()
    expect(await commloop.exit()).toMatchObject({ code: 1 })
    await commloop.log(({ msg }) => msg === '2 messages not written: 1 dropped, 1 expired')
  })

  it('come from the router of the configuration', async () => {
    const config = { listen: LISTEN, links: [IN], router: './route.mjs' }
    const files = {
      'route.mjs': `export default { name: 'r', route: ({ id }) => id === 'bad' ? 'nowhere' : { drop: 'no' } }`,
    }
    const commloop = start(config, [], files)
    commloop.send({ payload: 'x', id: 'bad' })
    commloop.send({ payload: 'x', id: 'no' })
    await commloop.eventOf('outcome', { id: 'bad', outcome: 'undeliverable' })
    await commloop.eventOf('outcome', { id: 'no', outcome: 'dropped', reason: 'no' })
  })
})

describe('the end of the input', () => {
  it('waits for a link that is dialling', async () => {
    const port = await freePort()
    const commloop = start({
      links: [out(port)],
      reconnect: { use: 'exponential', max: '100ms', maxAttempts: 0 },
    })
    commloop.send({ payload: 'patience', id: 'p' })
    commloop.endInput()
    await commloop.eventOf('link', { state: 'backoff' })
    const server = await PeerServer.listen(port)
    const peer = await server.accepted()
    await peer.until(({ hasEnded }) => hasEnded)
    peer.end()
    expect(peer.texts).toEqual(['patience'])
    expect(await commloop.exit()).toMatchObject({ code: 0 })
    expect(placeOf(commloop, ({ outcome }) => outcome === 'written')).toBeGreaterThan(0)
  })

  it('waits no longer than --drain, and exits with 1', async () => {
    const commloop = start({ links: [out(await freePort())] }, ['--drain', '200ms'])
    commloop.send({ payload: 'in vain', id: 'v' })
    commloop.endInput()
    expect(await commloop.exit()).toMatchObject({ code: 1 })
    expect(commloop.events).toContainEqual({
      type: 'outcome',
      id: 'v',
      outcome: 'dropped',
      link: 'out',
      code: 'stopped',
      reason: 'stopped',
    })
    await commloop.log(({ msg }) => msg === 'not all messages could be sent within 200ms')
  })

  it('does not stop the node with --keep-open', async () => {
    const commloop = start({ listen: LISTEN, links: [IN] }, ['--keep-open', '--text'])
    commloop.endInput()
    const peer = await FramedPeer.connect(await portOf(commloop))
    peer.send('still there')
    await commloop.eventOf('message', { payload: 'still there' })
    commloop.kill('SIGTERM')
    peer.end()
    expect(await commloop.exit()).toMatchObject({ code: 0 })
  })

  it('does not delay a stop by a signal', async () => {
    const { commloop, peer } = await dialled()
    commloop.send({ payload: 'one', id: 'one' })
    await commloop.eventOf('outcome', { id: 'one', outcome: 'written' })
    commloop.kill('SIGINT')
    await peer.until(({ hasEnded }) => hasEnded)
    peer.end()
    expect(await commloop.exit()).toMatchObject({ code: 0 })
  })

  it('waits no longer after a signal', async () => {
    const commloop = start({ links: [out(await freePort())] })
    commloop.send({ payload: 'x', id: 'x' })
    commloop.endInput()
    await commloop.eventOf('link', { state: 'backoff' })
    commloop.kill('SIGTERM')
    expect(await commloop.exit()).toMatchObject({ code: 1 })
    expect(commloop.stderrText).not.toContain('could be sent within')
  })
})

describe('a target above its high-water mark', () => {
  const LINE = `${JSON.stringify({ payload: 'x'.repeat(10_000), to: 'out' })}\n`
  const COUNT = 2_000

  it('pauses stdin while it is up, and no message is lost', async () => {
    const { commloop, peer } = await dialled()
    peer.pause()
    commloop.write(LINE.repeat(COUNT))
    commloop.send({ payload: 'last', id: 'last' })
    commloop.endInput()
    // 20 MB do not fit into the sockets and the mark of 1 MiB: most of it must still be on this side.
    await settled(() => commloop.unreadInputBytes)
    expect(commloop.unreadInputBytes).toBeGreaterThan(5_000_000)
    peer.resume()
    await peer.until(({ received }) => received.length === COUNT + 1)
    expect(peer.texts.at(-1)).toBe('last')
    peer.end()
    expect(await commloop.exit()).toMatchObject({ code: 0 })
  })

  it('does not pause stdin while it is down', async () => {
    const server = await PeerServer.listen()
    const down = out(await freePort(), { id: 'down', outbox: '64MiB' })
    const commloop = start({ links: [down, out(server.port)] }, ['--drain', '0'])
    const peer = await server.accepted()
    commloop.write(LINE.replace('"out"', '"down"').repeat(COUNT))
    commloop.send({ payload: 'through', to: 'out' })
    await peer.until(({ received }) => received.length === 1)
    commloop.endInput()
    expect(await commloop.exit()).toMatchObject({ code: 1 })
    await commloop.log(
      ({ msg }) => msg === `${String(COUNT)} messages not written: ${String(COUNT)} dropped`,
    )
  })

  it('does not delay the other targets if its lines do not wait, and each line has one outcome', async () => {
    const idle = await PeerServer.listen()
    const slow = await PeerServer.listen()
    const commloop = start({
      links: [out(slow.port, { id: 'slow', outbox: '4MiB' }), out(idle.port, { id: 'idle' })],
    })
    const [slowPeer, idlePeer] = await Promise.all([slow.accepted(), idle.accepted()])
    for (const link of ['slow', 'idle']) await commloop.eventOf('link', { link, state: 'up' })
    slowPeer.pause()
    const payload = 'x'.repeat(10_000)
    for (let number = 0; number < COUNT; number++) {
      commloop.send({ payload, to: 'slow', wait: false, id: String(number) })
    }
    commloop.send({ payload: 'alarm', to: 'idle' })
    await idlePeer.until(({ received }) => received.length === 1)
    expect(idlePeer.texts).toEqual(['alarm'])
    slowPeer.resume()
    const ends = new Map<unknown, number>()
    commloop.endInput()
    await slowPeer.until(({ hasEnded }) => hasEnded)
    slowPeer.end()
    idlePeer.end()
    expect(await commloop.exit()).toMatchObject({ code: 1 })
    let refused = 0
    for (const { type, id, code } of commloop.events) {
      if (type !== 'error' && type !== 'outcome') continue
      ends.set(id, (ends.get(id) ?? 0) + 1)
      if (code === 'CML_ERR_OUTBOX_FULL') refused++
    }
    expect(refused).toBeGreaterThan(0)
    expect([...ends.values()]).toEqual(Array.from({ length: COUNT }, () => 1))
    expect(slowPeer.received).toHaveLength(COUNT - refused)
  })

  it('resumes stdin when it goes down', async () => {
    const { commloop, peer, server } = await dialled({
      outbox: '64MiB',
      reconnect: { use: 'exponential', min: '5s', initial: '5s' },
    })
    peer.pause()
    commloop.write(LINE.repeat(COUNT))
    commloop.send({ payload: 'x', to: 'nowhere', id: 'end' })
    await settled(() => commloop.unreadInputBytes)
    expect(commloop.events.some(({ type }) => type === 'error')).toBe(false)
    server.destroy()
    peer.reset()
    await commloop.eventOf('error', { id: 'end' })
    expect(commloop.unreadInputBytes).toBe(0)
  })

  it('pauses stdin while the router is slow', async () => {
    const files = {
      'route.mjs': `export default { name: 'r', route: ({ deferrals }) => deferrals < 3 ? { defer: 50 } : 'out' }`,
    }
    const server = await PeerServer.listen()
    const routing = { messages: 100 }
    const commloop = start({ links: [out(server.port)], routing, router: './route.mjs' }, [], files)
    const peer = await server.accepted()
    for (let number = 0; number < 500; number++) commloop.send({ payload: String(number) })
    commloop.endInput()
    await peer.until(({ received }) => received.length === 500)
    peer.end()
    expect(await commloop.exit()).toMatchObject({ code: 0 })
  })
})

/** Waits until the pending bytes of stdin stop changing. */
async function settled(waitingBytes: () => number): Promise<void> {
  for (let same = 0, last = -1; same < 10;) {
    const now = waitingBytes()
    same = now === last ? same + 1 : 0
    last = now
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('a reader that is slow', () => {
  it('makes the peers wait, and gets all messages in order', async () => {
    const commloop = start({ listen: LISTEN, links: [IN] }, ['--text'])
    const peer = await FramedPeer.connect(await portOf(commloop))
    await commloop.eventOf('link', { state: 'up' })
    commloop.pauseOutput()
    const count = 3_000
    for (let number = 0; number < count; number++) {
      peer.send(`${String(number)} ${'x'.repeat(10_000)}`)
    }
    // 30 MB do not fit into the sockets, the pipe and the mark of 1 MiB.
    await settled(() => peer.unsentBytes)
    expect(peer.unsentBytes).toBeGreaterThan(5_000_000)
    commloop.resumeOutput()
    const got = await commloop.eventsOf('message', count)
    expect(got.map(({ payload }) => Number.parseInt(String(payload)))).toEqual(
      Array.from({ length: count }, (_, number) => number),
    )
  })

  it('pauses stdin', async () => {
    const { commloop } = await dialled()
    commloop.pauseOutput()
    const line = `${JSON.stringify({ payload: 'x', to: 'nowhere', id: 'y'.repeat(1_000) })}\n`
    commloop.write(line.repeat(20_000))
    await settled(() => commloop.unreadInputBytes)
    expect(commloop.unreadInputBytes).toBeGreaterThan(5_000_000)
    commloop.resumeOutput()
    await commloop.eventsOf('error', 20_000)
  })

  it('does not keep a node from stopping', async () => {
    const commloop = start({ listen: LISTEN, links: [IN], stopDeadline: '300ms' })
    const peer = await FramedPeer.connect(await portOf(commloop))
    await commloop.eventOf('link', { state: 'up' })
    commloop.pauseOutput()
    for (let number = 0; number < 3_000; number++) peer.send('x'.repeat(10_000))
    await settled(() => peer.unsentBytes)
    expect(peer.unsentBytes).toBeGreaterThan(5_000_000)
    commloop.kill('SIGTERM')
    await commloop.log(({ msg }) => msg.startsWith('stdout was not read within 300ms'))
    commloop.resumeOutput()
    expect(await commloop.exit()).toMatchObject({ code: 0 })
  })
})

describe('a reader that is gone', () => {
  it('stops the node like the end of the input', async () => {
    const { commloop, peer } = await dialled()
    commloop.closeOutput()
    peer.send('anybody?')
    await peer.until(({ hasEnded }) => hasEnded)
    peer.end()
    expect(await commloop.exit()).toEqual({ code: 0, signal: null })
  })

  it('does not stop the node with --keep-open: messages are sent, and received ones are unheard', async () => {
    const { commloop, peer } = await dialled({}, ['--keep-open', '--log-level', 'info'])
    commloop.closeOutput()
    peer.send('anybody?')
    await commloop.log(({ msg }) => msg.startsWith('stdout is closed'))
    peer.send('nobody', 'at all')
    commloop.send({ payload: 'I hear' })
    await peer.until(({ received }) => received.length === 1)
    commloop.kill('SIGTERM')
    peer.end()
    expect(await commloop.exit()).toEqual({ code: 0, signal: null })
    const { counters } = await commloop.log(({ msg }) => msg === 'stopped')
    expect((counters as { unheard: number }).unheard).toBeGreaterThanOrEqual(2)
  })

  it('makes `status` exit with 4 with --keep-open, and counts the messages that it never gets', async () => {
    const server = await PeerServer.listen()
    const cwd = testFolder({ '.commlooprc': { links: [out(server.port)] } })
    const commloop = CliProcess.start(['run', '--stdio', '--keep-open'], { cwd })
    const peer = await server.accepted()
    await commloop.eventOf('link', { state: 'up' })
    await commloop.log(({ msg }) => msg.startsWith('control socket'))
    commloop.closeOutput()
    peer.send('anybody?')
    await commloop.log(({ msg }) => msg.startsWith('stdout is closed'))
    peer.send('nobody', 'at all')
    commloop.send({ payload: 'I hear' })
    await peer.until(({ received }) => received.length === 1)
    await vi.waitUntil(async () => {
      const { code, stdout } = await runCli(['status', '--json'], { cwd })
      const { ok, output } = JSON.parse(stdout) as NodeStatus
      expect({ code, ok, state: output?.state }).toEqual({ code: 4, ok: false, state: 'closed' })
      return output?.discardedMessages === 3
    }, 15_000)
    const { stdout } = await runCli(['status'], { cwd })
    expect(stdout).toContain('stdout is closed: 3 received messages were discarded')
  })
})

describe('the order of lines', () => {
  it('is: up, the messages of the connection, its end; then the next connection', async () => {
    const commloop = start({ listen: LISTEN, links: [IN] }, ['--text'])
    const port = await portOf(commloop)
    for (let epoch = 1; epoch <= 3; epoch++) {
      const peer = await FramedPeer.connect(port)
      for (let number = 0; number < 2_000; number++) peer.send(`${String(epoch)}.${String(number)}`)
      peer.end()
      await commloop.eventOf('link', { state: 'awaiting', epoch })
    }
    const lines = commloop.events.map((event) =>
      event.type === 'message'
        ? `message ${String(event.epoch)} ${String(event.payload)}`
        : `${event.type} ${String(event.state)} ${String(event.epoch)}`,
    )
    const connection = (epoch: number): string[] => [
      `link up ${String(epoch)}`,
      ...Array.from(
        { length: 2_000 },
        (_, number) => `message ${String(epoch)} ${String(epoch)}.${String(number)}`,
      ),
      `link awaiting ${String(epoch)}`,
    ]
    expect(lines.slice(2)).toEqual([1, 2, 3].flatMap(connection))
  })
})

describe('other lines', () => {
  it('report rejected connections and missing peers', async () => {
    const links = [{ ...IN, ip: '127.0.0.9' }]
    const audit = { every: '100ms', grace: '0ms' }
    const commloop = start({ listen: LISTEN, links, audit })
    const peer = await FramedPeer.connect(await portOf(commloop))
    const rejected = await commloop.eventOf('rejected')
    expect(rejected).toMatchObject({ count: 1, reason: 'not in the table' })
    expect(String(rejected.remote)).toMatch(/^127\.0\.0\.1:\d+$/)
    await peer.until(({ hasClosed }) => hasClosed)
    const { findings } = await commloop.eventOf('audit')
    expect(findings).toMatchObject([{ kind: 'never filled', entry: 'in' }])
  })

  it('contain the time of the next dial', async () => {
    const commloop = start({ links: [out(await freePort())] })
    const backoff = await commloop.eventOf('link', { state: 'backoff' })
    expect(backoff).toMatchObject({ link: 'out', epoch: 0, attempt: 1 })
    expect(Number.isInteger(backoff.delayMs)).toBe(true)
    expect(String(backoff.reason)).toContain('ECONNREFUSED')
  })
})

describe('a signal under load', () => {
  it.each([1, 2, 3, 4])('leaves no message without an outcome (round %i)', async (round) => {
    const right = start({ listen: LISTEN, links: [IN] }, ['--keep-open', '--text'])
    const left = start({ links: [out(await portOf(right))] })
    await left.eventOf('link', { state: 'up' })
    const count = 20_000
    for (let number = 0; number < count; number++) {
      left.send({ payload: String(number), id: String(number) })
    }
    // In the middle of the traffic.
    await left.eventOf('outcome', { id: String(round * 3_000) })
    left.kill('SIGTERM')
    const { code } = await left.exit()
    const outcomes = new Map<string, string>()
    for (const event of left.events) {
      if (event.type !== 'outcome') continue
      expect(outcomes.has(String(event.id))).toBe(false)
      outcomes.set(String(event.id), String(event.outcome))
    }
    // Input is read in order, so the accepted messages are the first ones.
    for (let number = 0; number < outcomes.size; number++) {
      expect(outcomes.has(String(number))).toBe(true)
    }
    const written = [...outcomes.values()].filter((outcome) => outcome === 'written').length
    expect(code).toBe(written === outcomes.size ? 0 : 1)
    await right.eventOf('link', { state: 'awaiting', epoch: 1 })
    const received = right.events.filter(({ type }) => type === 'message').length
    expect(received).toBe(written)
  })
})
