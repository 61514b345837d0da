import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createNode, type EntryOptions, type Node, type PluginDefinition } from '@commloop/core'
import { tcpTransport } from '@commloop/transport-tcp'
import { openingCompliance } from '@commloop/testing/compliance'
import { afterEach, describe, expect, it } from 'vitest'
import { eventually } from '../peer/eventually.js'
import { pathOf } from '../structure/source-tree.js'
import { type Pdu, type Session, smpp } from './smpp-package.js'
import { FramedCodec, type Framing, IEC104, JT808 } from './framed-codec.js'
import { namedCodec } from './named-codec.js'

type OpeningDefinition = PluginDefinition<'opening'>

async function example(name: string): Promise<OpeningDefinition> {
  const path = pathOf(`examples/openings/${name}.mjs`)
  return ((await import(path)) as { readonly default: OpeningDefinition }).default
}

const smppBind = await example('smpp-bind')
const iec104 = await example('iec104-startdt')
const jt808 = await example('jt808-register')

const nodes: Node[] = []
const servers: Server[] = []
const sockets = new Set<{ destroy(): void }>()

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop({ deadlineMs: 0 })))
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  for (const server of servers.splice(0)) server.close()
})

/** A node with one link, `peer`, that has the opening. */
async function started(
  codec: string,
  opening: OpeningDefinition,
  options: Readonly<Record<string, unknown>>,
  entry: EntryOptions,
): Promise<{ readonly node: Node; readonly messages: string[]; readonly reasons: string[] }> {
  const value = opening.create(options)
  const links = [{ ...entry, id: 'peer', opening: { spec: JSON.stringify(options), value } }]
  const listen = entry.role === 'passive' ? { listen: { host: '127.0.0.1', port: 0 } } : {}
  const node = createNode({ ...listen, links }, tcpTransport(), namedCodec(codec))
  nodes.push(node)
  const messages: string[] = []
  const reasons: string[] = []
  node.on('message', ({ payload }) => messages.push(Buffer.from(payload).toString('hex')))
  node.on('link', ({ reason }) => {
    if (reason !== undefined) reasons.push(reason)
  })
  await node.start()
  return { node, messages, reasons }
}

async function listening(server: Server): Promise<number> {
  servers.push(server)
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const active = (port: number): EntryOptions => ({ role: 'active', ip: '127.0.0.1', port })

function isUp(node: Node): Promise<true> {
  return eventually('the link is up', () => node.link('peer').state === 'up' && true)
}

/** The other end of a connection, on the payloads of a framing. */
class FramedPeer {
  readonly heard: string[] = []
  readonly #socket: Socket
  readonly #framing: Framing

  constructor(socket: Socket, framing: Framing) {
    this.#socket = socket
    this.#framing = framing
    sockets.add(socket)
    const decoder = new FramedCodec(framing).createDecoder()
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      decoder.push(chunk)
      for (let payload = decoder.next(); payload; payload = decoder.next()) {
        this.heard.push(Buffer.from(payload).toString('hex'))
      }
    })
  }

  say(...payloads: readonly (string | Buffer)[]): void {
    const frames = payloads.map((payload) => {
      const bytes = typeof payload === 'string' ? Buffer.from(payload, 'hex') : payload
      return this.#framing.frameOf(bytes)
    })
    this.#socket.write(Buffer.concat(frames))
  }

  async hears(count: number): Promise<string[]> {
    await eventually(`${String(count)} payloads`, () => this.heard.length >= count)
    return this.heard
  }
}

// ── SMPP, against the npm package ───────────────────────────────────────────────────────────────────────────────

interface Smsc {
  readonly port: number
  readonly sessions: Session[]
  readonly submitted: string[]
}

async function smsc(password: string): Promise<Smsc> {
  const sessions: Session[] = []
  const submitted: string[] = []
  const server = smpp.createServer((session) => {
    sessions.push(session)
    session.on('error', () => undefined)
    session.on('bind_transceiver', (pdu: Pdu) => {
      const isRight = pdu.system_id === 'plant' && pdu.password === password
      session.send(pdu.response(isRight ? {} : { command_status: smpp.ESME_RINVPASWD }))
    })
    session.on('submit_sm', (pdu: Pdu) => {
      submitted.push(String(pdu.short_message?.message))
      session.send(pdu.response({ message_id: '1' }))
    })
  })
  return { port: await listening(server), sessions, submitted }
}

/** submit_sm with a text. */
function submitSm(text: string): Buffer {
  const body = Buffer.concat([
    Buffer.from('\0\0\0' + '1\0' + '\0\0' + '2\0', 'latin1'),
    Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, text.length]),
    Buffer.from(text),
  ])
  const header = Buffer.alloc(16)
  header.writeUInt32BE(16 + body.length, 0)
  header.writeUInt32BE(4, 4)
  header.writeUInt32BE(7, 12)
  return Buffer.concat([header, body])
}

describe('examples/openings/smpp-bind.mjs', () => {
  it('binds, sends what has waited, and answers enquire_link', async () => {
    const { port, sessions, submitted } = await smsc('secret')
    const options = { systemId: 'plant', password: 'secret' }
    const { node, messages } = await started('smpp', smppBind, options, active(port))
    node.send(submitSm('hello'), { to: 'peer' })
    await isUp(node)
    await eventually('the message', () => submitted.length === 1)
    expect(submitted).toEqual(['hello'])
    // The answer to submit_sm is a message: submit_sm_resp with its sequence number.
    await eventually('the answer', () => messages.length === 1)
    expect(messages[0]?.slice(8, 32)).toBe('800000040000000000000007')
    const enquiry = new Promise<string>((resolve) => {
      sessions[0]?.enquire_link(({ command }) => {
        resolve(command)
      })
    })
    expect(await enquiry).toBe('enquire_link_resp')
    expect(messages).toHaveLength(1)
    const { counters } = node.link('peer')
    expect(counters).toMatchObject({ openingSent: 2, openingReceived: 2, received: 1, written: 1 })
  })

  it('says that the server refuses the password, and keeps the message', async () => {
    const { port, submitted } = await smsc('secret')
    const options = { systemId: 'plant', password: 'wrong' }
    const { node, reasons } = await started('smpp', smppBind, options, active(port))
    node.send(submitSm('hello'), { to: 'peer' })
    await eventually('a refusal', () => reasons.length > 0)
    expect(reasons[0]).toBe('not opened: the server refuses the bind: invalid password (status 14)')
    expect([submitted, node.link('peer').queuedMessages]).toEqual([[], 1])
  })

  it.each([
    {},
    { systemId: 'x'.repeat(16) },
    { systemId: 'a', password: 5 },
    { systemId: 'a', x: 1 },
  ])('rejects the options %o', (options) => {
    expect(() => smppBind.create(options)).toThrow()
  })
})

// ── IEC 104, against a peer written from the standard ───────────────────────────────────────────────────────────

const STARTDT_ACT = '07000000'
const STARTDT_CON = '0b000000'
const TESTFR_ACT = '43000000'
const TESTFR_CON = '83000000'
/** An I frame, with a measured value. */
const I_FRAME = '00000000090103000100010000000000'

describe('examples/openings/iec104-startdt.mjs', () => {
  it('asks for the transfer of data when it dials, and answers test frames at any time', async () => {
    const peers: FramedPeer[] = []
    const port = await listening(
      createServer((socket) => peers.push(new FramedPeer(socket, IEC104))),
    )
    const { node, messages } = await started('iec104', iec104, {}, active(port))
    const peer = await eventually('the connection', () => peers[0])
    expect(await peer.hears(1)).toEqual([STARTDT_ACT])
    peer.say(TESTFR_ACT)
    expect(await peer.hears(2)).toEqual([STARTDT_ACT, TESTFR_CON])
    expect(node.link('peer').state).toBe('dialing')
    peer.say(STARTDT_CON, I_FRAME, TESTFR_ACT)
    await isUp(node)
    await peer.hears(3)
    expect(peer.heard.at(-1)).toBe(TESTFR_CON)
    expect(messages).toEqual([I_FRAME])
  })

  it('confirms the transfer of data when it is dialled', async () => {
    const entry = { role: 'passive', ip: '127.0.0.1' } as const
    const { node, messages } = await started('iec104', iec104, {}, entry)
    const peer = new FramedPeer(connect(node.listening?.port ?? 0, '127.0.0.1'), IEC104)
    peer.say(STARTDT_ACT, I_FRAME)
    await isUp(node)
    expect(await peer.hears(1)).toEqual([STARTDT_CON])
    await eventually('the message', () => messages.length === 1)
    expect(messages).toEqual([I_FRAME])
  })

  it('ends a connection whose peer sends data before it was started', async () => {
    const entry = { role: 'passive', ip: '127.0.0.1' } as const
    const { node, reasons, messages } = await started('iec104', iec104, {}, entry)
    const peer = new FramedPeer(connect(node.listening?.port ?? 0, '127.0.0.1'), IEC104)
    peer.say(I_FRAME)
    await eventually('the end', () => reasons.length > 0)
    expect(reasons).toEqual(['message before the end of the opening: 16 bytes'])
    expect(messages).toEqual([])
  })
})

// ── JT/T 808, against a terminal written from the standard ──────────────────────────────────────────────────────

const PHONE = '013800138000'

function terminalMessage(id: number, serial: number, body: Buffer): Buffer {
  const header = Buffer.alloc(12)
  header.writeUInt16BE(id, 0)
  header.writeUInt16BE(body.length, 2)
  header.write(PHONE, 4, 'hex')
  header.writeUInt16BE(serial, 10)
  return Buffer.concat([header, body])
}

describe('examples/openings/jt808-register.mjs', () => {
  const entry = { role: 'passive', ip: '127.0.0.1' } as const

  it('registers a terminal, checks its code, and answers its heartbeats', async () => {
    const { node, messages } = await started('jt808', jt808, { secret: 's' }, entry)
    const terminal = new FramedPeer(connect(node.listening?.port ?? 0, '127.0.0.1'), JT808)
    // The body contains bytes that are escaped on the wire.
    terminal.say(terminalMessage(0x0100, 0x7e, Buffer.alloc(37, 0x7d)))
    const [registered = ''] = await terminal.hears(1)
    expect(registered).toMatch(/^81000013013800138000[0-9a-f]{4}007e00/)
    expect(node.link('peer').state).toBe('awaiting')
    const code = Buffer.from(registered.slice(24 + 6), 'hex')
    const position = terminalMessage(0x0200, 3, Buffer.alloc(28, 1))
    terminal.say(
      terminalMessage(0x0102, 1, code),
      terminalMessage(0x0002, 2, Buffer.alloc(0)),
      position,
    )
    await isUp(node)
    const answers = await terminal.hears(3)
    expect(answers.slice(1).map((answer) => answer.slice(24))).toEqual(['0001010200', '0002000200'])
    await eventually('the position', () => messages.length === 1)
    expect(messages).toEqual([position.toString('hex')])
  })

  it('refuses a wrong code, and says so to the terminal first', async () => {
    const { node, reasons } = await started('jt808', jt808, { secret: 's' }, entry)
    const terminal = new FramedPeer(connect(node.listening?.port ?? 0, '127.0.0.1'), JT808)
    terminal.say(terminalMessage(0x0102, 1, Buffer.from('guess')))
    expect((await terminal.hears(1))[0]?.slice(24)).toBe('0001010201')
    await eventually('the end', () => reasons.length > 0)
    expect(reasons).toEqual([`not opened: terminal ${PHONE} has a wrong authentication code`])
  })
})

// ── what every opening must do ──────────────────────────────────────────────────────────────────────────────────

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

openingCompliance('smpp-bind.mjs', smppBind.create({ systemId: 'a' }), {
  peer: () => ({ answers: () => [hex('00000010800000090000000000000001')] }),
  messages: [submitSm('x'), hex('00')],
})
openingCompliance('iec104-startdt.mjs', iec104.create({}), {
  peer: () => ({ answers: (payload) => (payload[0] === 7 ? [hex(STARTDT_CON)] : []) }),
  messages: [hex(I_FRAME), hex('01000200')],
})
openingCompliance('jt808-register.mjs', jt808.create({ secret: 's' }), {
  role: 'passive',
  peer: () => ({
    begins: [terminalMessage(0x0100, 0, Buffer.alloc(37))],
    answers: (payload) =>
      payload[0] === 0x81 ? [terminalMessage(0x0102, 1, Buffer.from(payload.slice(15)))] : [],
  }),
  messages: [terminalMessage(0x0200, 3, Buffer.alloc(28)), hex('00')],
})
