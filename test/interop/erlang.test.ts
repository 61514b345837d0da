import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import {
  createNode,
  type LinkChange,
  type LinkState,
  type Node,
  type NodeOptions,
  type Plugin,
  type ReceivedMessage,
  useRouter,
} from '@commloop/core'
import { len16Codec, type Len16Options } from '@commloop/codec-len16'
import { SeededRandom } from '@commloop/testing'
import { tcpTransport } from '@commloop/transport-tcp'
import { afterEach, describe, expect, it } from 'vitest'
import { type DebianTool, someToolIsMissing } from './debian-tool.js'
import { ForeignProcess } from './foreign-process.js'
import { waitFor } from './wait-for.js'

const ERLANG: DebianTool = { command: 'escript', package: 'erlang-base' }
const SCRIPT = fileURLToPath(new URL('packet2-peer.escript', import.meta.url))

const BOUNDARY_LENGTHS = [0, 1, 255, 256, 32_767, 32_768, 65_534, 65_535]
const SEED = 20_240_229
const MANY = 3_000
/** Erlang returns `ok` for this size, and the length in the header wraps around. */
const TOO_LONG = 65_536

const running: { stop(): Promise<void> }[] = []

async function startNode(
  options: NodeOptions,
  codecOptions: Len16Options = {},
  ...plugins: Plugin[]
): Promise<Node> {
  const node = createNode(options, tcpTransport(), len16Codec(codecOptions), ...plugins)
  running.push(node)
  await node.start()
  return node
}

function startErlang(...args: string[]): ForeignProcess {
  const process = new ForeignProcess(ERLANG.command, [SCRIPT, ...args])
  running.push(process)
  return process
}

/** An Erlang listener, and a node whose link `erlang` dials it. */
async function dialledEcho(): Promise<{ node: Node; erlang: ForeignProcess; heard: Heard }> {
  const erlang = startErlang('echo-listen')
  const port = Number((await erlang.line(/^listening (\d+)$/))[1])
  const node = await startNode({ links: [{ id: 'erlang', role: 'active', ip: '127.0.0.1', port }] })
  const heard = new Heard(node)
  await waitFor(() => node.link('erlang').state === 'up')
  return { node, erlang, heard }
}

/** A node whose entry `erlang` waits for 127.0.0.2, and its port. */
async function waitingNode(
  options: Partial<NodeOptions> = {},
  codecOptions: Len16Options = {},
  ...plugins: Plugin[]
): Promise<{ node: Node; port: string; heard: Heard }> {
  const listening: NodeOptions = {
    listen: { host: '127.0.0.1', port: 0 },
    links: [{ id: 'erlang', role: 'passive', ip: '127.0.0.0/8', slots: 2, duplicate: 'reject' }],
    ...options,
  }
  const node = await startNode(listening, codecOptions, ...plugins)
  return { node, port: String(node.listening?.port), heard: new Heard(node) }
}

/** What a node has received and what became of its links. */
class Heard {
  readonly messages: ReceivedMessage[] = []
  readonly changes: LinkChange[] = []

  constructor(node: Node) {
    node.on('message', (message) => this.messages.push(message))
    node.on('link', (change) => this.changes.push(change))
  }

  get lengths(): number[] {
    return this.messages.map(({ payload }) => payload.length)
  }

  reason(state: LinkState): string | undefined {
    return this.changes.find((change) => change.state === state)?.reason
  }
}

/** Bytes without a period, so that a shift by any distance shows. */
function randomPayload(random: SeededRandom, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(random.next() * 256)))
}

function frameLine(payload: Uint8Array): string {
  return `frame ${String(payload.length)} ${String(crc32(payload))}`
}

function framesSeenBy(erlang: ForeignProcess): string[] {
  return erlang.output.split('\n').filter((line) => line.startsWith('frame '))
}

/** Sends all of them, and waits whenever `send` returns false. */
async function sendAll(node: Node, to: string, payloads: readonly Uint8Array[]): Promise<void> {
  for (const payload of payloads) {
    if (node.send(payload, { to })) continue
    await new Promise<void>((resolve) => {
      const drained = ({ link }: { readonly link: string }): void => {
        if (link !== to) return
        node.off('drain', drained)
        resolve()
      }
      node.on('drain', drained)
    })
  }
}

describe.skipIf(someToolIsMissing('Erlang {packet,2}', [ERLANG]))('Erlang {packet,2}', () => {
  afterEach(async () => {
    for (const each of running.splice(0).reverse()) await each.stop()
  })

  const random = new SeededRandom(SEED)
  const payloads = BOUNDARY_LENGTHS.map((length) => randomPayload(random, length))

  it('reads and echoes every boundary length over a link that we dial', async () => {
    const { node, erlang, heard } = await dialledEcho()
    for (const payload of payloads) node.send(payload, { to: 'erlang' })
    await waitFor(() => heard.messages.length === payloads.length)
    // What it prints comes by another way than what it sends.
    await waitFor(() => framesSeenBy(erlang).length >= payloads.length)
    expect(framesSeenBy(erlang)).toEqual(payloads.map(frameLine))
    expect(heard.messages.map(({ payload }) => frameLine(payload))).toEqual(payloads.map(frameLine))
  })

  it('reads and echoes every boundary length over a link that it dials', async () => {
    const { node, port, heard } = await waitingNode({
      links: [{ id: 'erlang', role: 'passive', ip: '127.0.0.2' }],
    })
    const erlang = startErlang('echo-dial', '127.0.0.1', port, '127.0.0.2')
    await waitFor(() => node.link('erlang').state === 'up')
    for (const payload of payloads) node.send(payload, { to: 'erlang' })
    await waitFor(() => heard.messages.length === payloads.length)
    // What it prints comes by another way than what it sends.
    await waitFor(() => framesSeenBy(erlang).length >= payloads.length)
    expect(framesSeenBy(erlang)).toEqual(payloads.map(frameLine))
    expect(heard.messages.map(({ payload }) => frameLine(payload))).toEqual(payloads.map(frameLine))
  })

  it(`echoes ${String(MANY)} random messages of ours, whole and in order`, async () => {
    const { node, heard } = await dialledEcho()
    const sent = Array.from({ length: MANY }, (_, at) => {
      const lengthMax = at % 20 === 0 ? 65_535 : 300
      return randomPayload(random, Math.floor(random.next() * (lengthMax + 1)))
    })
    await sendAll(node, 'erlang', sent)
    await waitFor(() => heard.messages.length >= sent.length)
    expect(heard.messages.map(({ payload }) => frameLine(payload))).toEqual(sent.map(frameLine))
    const { written, received, enqueued } = node.link('erlang').counters
    expect({ written, received, enqueued }).toEqual({
      written: MANY,
      received: MANY,
      enqueued: MANY,
    })
  })

  it(`receives its own ${String(MANY)} random messages back from a relay to the sender`, async () => {
    const back = useRouter({ route: ({ from }) => from ?? { drop: 'not received' } })
    const { node, port } = await waitingNode({ relay: true }, {}, back)
    const erlang = startErlang('ask', '127.0.0.1', port, String(MANY), String(SEED))
    await erlang.line(new RegExp(`^matched ${String(MANY)} messages`))
    expect(await erlang.ended()).toBe(0)
    expect(node.counters).toMatchObject({ accepted: MANY, routed: MANY, undeliverable: 0 })
  })

  it('is spared the payload that its own sender would wrap: ours refuses 65 536 bytes', async () => {
    const { node, erlang, heard } = await dialledEcho()
    expect(() => node.send(new Uint8Array(TOO_LONG), { to: 'erlang' })).toThrow(
      expect.objectContaining({ code: 'CML_ERR_PAYLOAD_TOO_LARGE' }),
    )
    node.send(Buffer.from('after'), { to: 'erlang' })
    await waitFor(() => heard.messages.length === 1)
    expect(framesSeenBy(erlang)).toEqual([frameLine(Buffer.from('after'))])
  })

  describe('sends 65 536 bytes, which it announces as 0', () => {
    // On the wire: 00 00, then 65 536 bytes of 01, then 00 05 "after". 01 01 announces 257 bytes, so the receiver
    // finds an empty frame and 253 frames of 257 bytes; the last 9 bytes begin one that swallows "after".
    const phantoms = Math.floor(TOO_LONG / (2 + 257))

    it('costs only the connection if empty frames are messages', async () => {
      const { node, port, heard } = await waitingNode({ partialFrame: '2s' })
      const erlang = startErlang('wrap', '127.0.0.1', port)
      await erlang.line(/^sending 65536 bytes: ok$/)
      await erlang.line(/^ended: \{error,/)
      expect(heard.lengths).toEqual([0, ...Array.from({ length: phantoms }, () => 257)])
      expect(heard.reason('awaiting')).toBe('partial frame')
      await expectNextErlangIsHeard(node, port, heard)
    })

    it('is recognised immediately if empty frames are rejected', async () => {
      const { node, port, heard } = await waitingNode({}, { emptyFrames: 'reject' })
      const erlang = startErlang('wrap', '127.0.0.1', port)
      await erlang.line(/^ended: \{error,/)
      expect(heard.lengths).toEqual([])
      expect(heard.reason('awaiting')).toMatch(/^protocol error: /)
      await expectNextErlangIsHeard(node, port, heard)
    })

    /** No byte of the connection before is left over: another Erlang in the same slot is understood. */
    async function expectNextErlangIsHeard(node: Node, port: string, heard: Heard): Promise<void> {
      const before = heard.messages.length
      startErlang('echo-dial', '127.0.0.1', port, '127.0.0.3')
      await waitFor(() => node.link('erlang/1').state === 'up')
      node.send(Buffer.from('still here?'), { to: { link: 'erlang/1', epoch: 2 } })
      await waitFor(() => heard.messages.length > before)
      const [answer] = heard.messages.slice(before)
      expect(answer).toMatchObject({ link: 'erlang/1', epoch: 2 })
      expect(Buffer.from(answer?.payload ?? []).toString()).toBe('still here?')
    }
  })
})
