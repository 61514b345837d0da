import {
  type ActiveEntryConfig,
  addressText,
  type CloseReason,
  type Connection,
  type ConnectionHandler,
  type DialHandler,
  FIRST_BYTES_MAX,
  type FrameCodec,
  messageText,
  type Transport,
} from '@commloop/core'
import { type DoctorFinding, doctorFinding } from './doctor-finding.js'

const CONNECT_MS_MAX = 5_000
/** A peer that sends first does so within this time. A peer that sends nothing is not a finding. */
const LISTEN_MS_MAX = 1_000
/** How long the peer may take to answer our FIN before the connection is reset. */
const CLOSE_MS_MAX = 300

const REMEDIES: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'The machine is reachable, and no program listens on this port: start the peer, or correct the port.',
  EHOSTUNREACH:
    'There is no route to the machine, or it is switched off: check cable, address and routes.',
  ENETUNREACH: 'This machine has no route to that network.',
  EADDRNOTAVAIL: 'The address under "bind" does not belong to this machine.',
}
const NO_ANSWER =
  'The machine is switched off, its address is different, or a firewall drops the packets.'
/** For errors that come from the transport itself instead of the system, such as a failed TLS handshake. */
const NOT_ACCEPTED =
  'The peer is reachable: compare the options of the transport, such as "tls", at both sides.'

/** What the connection to a peer has shown. */
interface ProbeResult {
  /** Our own address, as the peer sees it. */
  readonly from: string | undefined
  readonly firstBytes: Uint8Array
  readonly error: (Error & { readonly code?: unknown }) | undefined
  /** True if the peer closed the connection within the time. */
  readonly closed: boolean
}

/** Opens one connection to the peer, sends nothing, watches for a second what the peer sends, and closes. */
export async function probePeer(
  entry: ActiveEntryConfig,
  transport: Transport,
  codec: FrameCodec,
): Promise<DoctorFinding | undefined> {
  const { error, firstBytes, closed, from } = await PeerProbe.run(entry, transport)
  const address = addressText({ ip: entry.host, port: entry.port })
  if (error !== undefined) {
    return doctorFinding('peer-unreachable', entry.id, messageText(error), remedyFor(error))
  }
  if (closed && firstBytes.length === 0) {
    return doctorFinding(
      'peer-hangs-up',
      entry.id,
      `${address} accepts the connection and closes it immediately; it sees us as ${from ?? 'unknown'}`,
      'The peer does not list this address, or its slot is taken: compare with `commloop mirror`.',
    )
  }
  const problem = firstBytes.length === 0 ? undefined : framingProblem(firstBytes, codec)
  if (problem === undefined) return undefined
  return doctorFinding(
    'peer-framing',
    entry.id,
    `${address}: ${problem}`,
    'Set what the text names, and compare the codec of both sides: docs/wire-format.md and docs/framings.md.',
  )
}

function remedyFor({ code }: NonNullable<ProbeResult['error']>): string {
  if (typeof code !== 'string') return NOT_ACCEPTED
  return REMEDIES[code] ?? NO_ANSWER
}

/** What is wrong with the first bytes; undefined if they are frames, or the start of one. */
function framingProblem(firstBytes: Uint8Array, codec: FrameCodec): string | undefined {
  const decoder = codec.createDecoder()
  try {
    decoder.push(firstBytes)
    while (decoder.next() !== undefined);
    return decoder.midFrame ? decoder.diagnosis?.(firstBytes) : undefined
  } catch (error) {
    const text = messageText(error)
    return decoder.diagnosis?.(firstBytes) ?? text
  }
}

/** One dial with the transport of the configuration, so that TLS and foreign transports are probed as a node uses them. */
class PeerProbe implements DialHandler, ConnectionHandler {
  readonly #bind: string | undefined
  readonly #resolve: (result: ProbeResult) => void
  readonly #chunks: Uint8Array[] = []
  #bytes = 0
  #connection: Connection | undefined
  #timer: NodeJS.Timeout | undefined
  /** The result, once it is known. The connection is closed before it is returned. */
  #result: ProbeResult | undefined

  private constructor(bind: string | undefined, resolve: (result: ProbeResult) => void) {
    this.#bind = bind
    this.#resolve = resolve
  }

  static run(entry: ActiveEntryConfig, transport: Transport): Promise<ProbeResult> {
    const { host: ip, port, bind, transportOptions: options } = entry
    return new Promise((resolve) => {
      const probe = new PeerProbe(bind, resolve)
      transport.dial({ ip, port, bind, timeoutMs: CONNECT_MS_MAX, options }, probe)
    })
  }

  failed(error: Error & { readonly code?: unknown }): void {
    // The peer may reset the connection so early that the dial fails: it still accepted and closed.
    const isReset = error.code === 'ECONNRESET'
    const result = { from: this.#bind, firstBytes: new Uint8Array(0), closed: isReset }
    this.#resolve({ ...result, error: isReset ? undefined : error })
  }

  opened(connection: Connection): this {
    this.#connection = connection
    this.#timer = setTimeout(() => {
      this.#finish(false)
    }, LISTEN_MS_MAX)
    // The handler is attached when this method returns.
    queueMicrotask(() => {
      connection.setReading(true)
    })
    return this
  }

  received(chunk: Uint8Array): void {
    if (this.#result !== undefined) return
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes >= FIRST_BYTES_MAX) this.#finish(false)
  }

  written(): void {
    // The probe does not write.
  }

  ended(): void {
    this.#finish(true)
  }

  closed(reason: CloseReason): void {
    this.#finish(reason.kind !== 'destroyed')
    clearTimeout(this.#timer)
    if (this.#result !== undefined) this.#resolve(this.#result)
  }

  /** Keeps the first result, and closes the connection with FIN, as a node that stops does. */
  #finish(closed: boolean): void {
    if (this.#result !== undefined) return
    const firstBytes = Buffer.concat(this.#chunks).subarray(0, FIRST_BYTES_MAX)
    const from = this.#connection?.peer.local.ip
    this.#result = { from, firstBytes, error: undefined, closed }
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#connection?.destroy()
    }, CLOSE_MS_MAX)
    this.#connection?.end()
  }
}
