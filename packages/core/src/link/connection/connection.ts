import type { Clock } from '../../contracts/clock.js'
import type { FrameCodec, FrameDecoder } from '../../contracts/frame-codec.js'
import type { OutboundMessage, Outbox } from '../../contracts/outbox.js'
import type {
  CloseReason,
  Connection,
  ConnectionHandler,
  PeerInfo,
} from '../../contracts/transport.js'
import type { LinkSettings } from '../../config/node-config.js'
import { sameBytes } from '../../units/bytes.js'
import { messageText } from '../../text/safe-text.js'
import { Batch, type BatchListener } from './batch.js'
import type { BatchBuffers } from './batch-buffers.js'
import { Deadline } from './deadline.js'
import type { LinkTally } from '../../ledger/link-counters.js'
import { FirstBytes } from './first-bytes.js'

/** What a connection needs of the link that it belongs to. */
export interface ConnectionOwner extends BatchListener {
  readonly settings: LinkSettings
  readonly codec: FrameCodec
  readonly outbox: Outbox
  readonly tally: LinkTally
  readonly epoch: number
  /** The link's user, its iterators or its relay targets want no payload now. */
  readonly held: boolean
  /** A whole frame has come: the peer speaks. Before the frame is delivered. */
  proved(): void
  /** One payload, heartbeats left out. */
  delivered(payload: Uint8Array): void
  /** Somebody wants to be told of every copy that is written. */
  readonly watched: boolean
  /** Copies of a confirmed write that carry an id. */
  written(message: OutboundMessage): void
  /** Every copy of a confirmed write, while the link is watched; when its bookkeeping is done. */
  sent(message: OutboundMessage): void
  /** The outbox has become less full. */
  relieved(): void
  /** The connection is over. The last call. */
  over(connection: LinkConnection, reason: string): void
}

/**
 * - `probation`: reads, writes nothing: whether the peer wants us at all is not known yet
 * - `open`: reads and writes
 * - `finishing`: begins no write; the one under way ends, then FIN
 * - `finished`: our FIN is sent; reads on until the peer's
 * - `over`: nothing of it counts any more
 */
type Phase = 'probation' | 'open' | 'finishing' | 'finished' | 'over'

const NO_CONTROL: readonly Uint8Array[] = []
/** Beyond its largest frame a decoder may skip this much; one that takes more and finds no frame is lost, or hoards. */
const UNFRAMED_BYTES_MAX = 1024 * 1024

/**
 * One connection of a link, from birth to end: bytes to payloads, payloads to writes, and the deadlines by which it
 * is found out that nobody is there any more. It dies with its connection, so that nothing of an old one, no byte
 * of a half frame and no timer, can reach the next.
 */
export class LinkConnection implements ConnectionHandler {
  readonly #connection: Connection
  readonly #owner: ConnectionOwner
  readonly #clock: Clock
  /** The link may have another one for its next connection. */
  readonly #codec: FrameCodec
  readonly #buffers: BatchBuffers
  // Made when they are first needed: most links of a large table are idle, and each costs memory.
  #batch: Batch | undefined
  #silence: Deadline | undefined
  #stall: Deadline | undefined
  #partialFrame: Deadline | undefined
  #quiet: Deadline | undefined
  #half: Deadline | undefined
  #linger: Deadline | undefined
  #decoder: FrameDecoder | undefined
  /** A chunk has ended where a frame did: what comes is made of frames. */
  #inStep = false
  /** The first bytes, until then. */
  #opening: FirstBytes | undefined
  #phase: Phase
  #reason = 'peer closed'
  #reading = false
  #decoding = false
  #writing = false
  #flushDue = false
  /** The peer's FIN has come, and frames before it may still wait. */
  #peerEnded = false
  /** The peer's FIN has come, and everything before it was delivered. */
  #streamOver = false
  #control: readonly Uint8Array[] = NO_CONTROL
  /** One function for all flushes. */
  #flushSoon: (() => void) | undefined
  #receivedMs = Number.NEGATIVE_INFINITY
  /** Each payload ends with a byte of its own: a decoder that answers more than came since it had none does not stop. */
  #payloadsLeft = 0
  /** Received since the last frame. */
  #unframedBytes = 0

  constructor(
    connection: Connection,
    owner: ConnectionOwner,
    clock: Clock,
    buffers: BatchBuffers,
    probation: boolean,
  ) {
    this.#connection = connection
    this.#owner = owner
    this.#clock = clock
    this.#phase = probation ? 'probation' : 'open'
    this.#codec = owner.codec
    this.#buffers = buffers
  }

  /** A deadline that ends the connection of a peer of which no frame could be made. */
  #unframed(delayMs: number, reason: string): Deadline {
    return new Deadline(this.#clock, delayMs, () => {
      this.abort(this.#diagnosed(reason))
    })
  }

  get peer(): PeerInfo {
    return this.#connection.peer
  }

  /** May a new copy be meant for this connection? */
  get writable(): boolean {
    return this.#phase === 'open'
  }

  /** Whether the peer wants us is not known yet, and it has not hung up. */
  get onProbation(): boolean {
    return this.#phase === 'probation'
  }

  /** The peer has ended its side, and everything that we wrote is confirmed: it only waits for more. */
  get lingers(): boolean {
    return this.#streamOver && this.#phase === 'open' && !this.#writing
  }

  /** Messages of a write that was begun and is not confirmed. */
  get unconfirmed(): number {
    return this.#writing ? (this.#batch?.messages ?? 0) : 0
  }

  get receivedMs(): number {
    return this.#receivedMs
  }

  /** Begins to read, and to write what waits. After the handler was given to the transport. */
  begin(): void {
    if (this.#phase === 'over') return
    const nowMs = this.#clock.now()
    this.#receivedMs = nowMs
    this.#watchQuiet(nowMs)
    this.holdChanged()
    if (this.#owner.outbox.level.messages > 0) this.wake()
  }

  #watchQuiet(nowMs: number): void {
    const { heartbeat } = this.#owner.settings
    if (heartbeat === undefined) return
    this.#quiet ??= new Deadline(this.#clock, heartbeat.everyMs, () => {
      this.#heartbeatDue()
    })
    this.#quiet.start(nowMs)
  }

  #watchSilence(nowMs: number): void {
    const { silenceMs } = this.#owner.settings
    if (silenceMs === 0) return
    this.#silence ??= this.#unframed(silenceMs, 'silence')
    this.#silence.start(nowMs)
  }

  #watchStall(nowMs: number): void {
    this.#stall ??= new Deadline(this.#clock, this.#owner.settings.stallMs, () => {
      this.abort('write stall')
    })
    this.#stall.start(nowMs)
  }

  /** The probation is over: the link is up. */
  endProbation(): void {
    if (this.#phase !== 'probation') return
    this.#phase = 'open'
    this.wake()
  }

  /** The link's settings are others than they were: deadlines that run go on from where they began. */
  settingsChanged(): void {
    const { settings } = this.#owner
    const nowMs = this.#clock.now()
    this.#silence?.setDelay(settings.silenceMs, nowMs)
    this.#stall?.setDelay(settings.stallMs, nowMs)
    this.#partialFrame?.setDelay(settings.partialFrameMs, nowMs)
    this.#linger?.setDelay(Math.max(1, settings.lingerMs), nowMs)
    this.#quiet?.setDelay(settings.heartbeat?.everyMs ?? 0, nowMs)
    this.#half?.setDelay(Math.max(1, settings.halfCloseMs), nowMs)
    // One that was off has not been started, whatever it would have watched.
    const peerSpeaks = !this.#peerEnded && !this.#streamOver
    const decoder = this.#decoder
    if (this.#reading && peerSpeaks && isIdle(this.#silence)) this.#watchSilence(nowMs)
    if (this.#writing && isIdle(this.#stall)) this.#watchStall(nowMs)
    if (decoder !== undefined && peerSpeaks) this.#watchPartialFrame(decoder, nowMs)
    if ((this.#phase === 'open' || this.#phase === 'probation') && isIdle(this.#quiet)) {
      this.#watchQuiet(nowMs)
    }
  }

  // ── received ────────────────────────────────────────────────────────────────────────────────────────────────

  received(chunk: Uint8Array): void {
    if (this.#phase === 'over') {
      this.#owner.tally.fenced++
      return
    }
    const nowMs = this.#clock.now()
    this.#receivedMs = nowMs
    if (this.#silence?.running === true) this.#silence.start(nowMs)
    this.#owner.tally.receivedBytes += chunk.length
    if (!this.#inStep) (this.#opening ??= new FirstBytes()).add(chunk)
    const decoder = this.#pushed(chunk)
    if (decoder !== undefined) this.#decode(decoder, nowMs)
  }

  #pushed(chunk: Uint8Array): FrameDecoder | undefined {
    this.#payloadsLeft += chunk.length
    this.#unframedBytes += chunk.length
    const codec = this.#codec
    try {
      if (
        this.#unframedBytes > UNFRAMED_BYTES_MAX &&
        this.#unframedBytes > UNFRAMED_BYTES_MAX + codec.frameBytesMax(codec.payloadBytesMax)
      ) {
        throw new RangeError(`the codec found no frame in ${String(this.#unframedBytes)} bytes`)
      }
      this.#decoder ??= codec.createDecoder()
      this.#decoder.push(chunk)
      return this.#decoder
    } catch (error) {
      this.#protocolError(error)
      return undefined
    }
  }

  #decode(decoder: FrameDecoder, nowMs: number): void {
    // A listener that resumes this link while it is being told a payload must not start a second loop.
    if (this.#decoding) return
    this.#decoding = true
    try {
      while (!this.#owner.held) {
        const payload = this.#next(decoder)
        if (payload === undefined) break
        this.#frame(payload)
        if (this.#isOver()) break
      }
    } finally {
      this.#decoding = false
    }
    if (this.#isOver()) return
    this.#watchPartialFrame(decoder, nowMs)
    if (this.#isOver()) return
    if (this.#peerEnded && !this.#owner.held) this.#streamEnded()
  }

  #next(decoder: FrameDecoder): Uint8Array | undefined {
    try {
      const payload: unknown = decoder.next()
      if (payload === undefined) {
        this.#payloadsLeft = 0
        return undefined
      }
      if (!(payload instanceof Uint8Array)) throw new TypeError('the codec answered no bytes')
      if (this.#payloadsLeft-- <= 0) throw new RangeError('the codec answered more than was sent')
      this.#unframedBytes = 0
      return payload
    } catch (error) {
      this.#protocolError(error)
      return undefined
    }
  }

  #protocolError(error: unknown): void {
    this.abort(this.#diagnosed(`protocol error: ${messageText(error)}`))
  }

  /** The reason, and what the peer seems to speak instead where its stream has never been in step. */
  #diagnosed(reason: string): string {
    if (this.#opening === undefined) return reason
    try {
      const words: unknown = this.#decoder?.diagnosis?.(this.#opening.bytes)
      return typeof words === 'string' ? `${reason}; ${words}` : reason
    } catch {
      // The connection ends anyway, and the first reason is the one that counts.
      return reason
    }
  }

  #frame(payload: Uint8Array): void {
    const owner = this.#owner
    owner.proved()
    const { heartbeat } = owner.settings
    if (heartbeat !== undefined) {
      if (sameBytes(payload, heartbeat.payload)) {
        owner.tally.heartbeatsReceived++
        if (heartbeat.answer !== undefined) this.#sendControl(heartbeat.answer)
        return
      }
      if (heartbeat.answer !== undefined && sameBytes(payload, heartbeat.answer)) {
        owner.tally.heartbeatsReceived++
        return
      }
    }
    owner.delivered(payload)
  }

  #watchPartialFrame(decoder: FrameDecoder, nowMs: number): void {
    // Held back, frames that are whole wait too; whether the last one is cannot be known before they are taken.
    if (this.#owner.held) return
    if (this.#isMidFrame(decoder)) {
      if (this.#partialFrame?.running !== true) this.#beginPartialFrame(nowMs)
      return
    }
    this.#inStep = true
    this.#opening = undefined
    if (this.#partialFrame?.running === true) this.#partialFrame.stop()
  }

  #beginPartialFrame(nowMs: number): void {
    const { partialFrameMs } = this.#owner.settings
    this.#partialFrame ??= this.#unframed(partialFrameMs, 'partial frame')
    this.#partialFrame.start(nowMs)
  }

  #isMidFrame(decoder: FrameDecoder): boolean {
    try {
      return decoder.midFrame
    } catch (error) {
      this.#protocolError(error)
      return false
    }
  }

  /** The link's `held` is another than it was. */
  holdChanged(): void {
    const reading = !this.#owner.held
    if (reading === this.#reading) return
    this.#reading = reading
    const nowMs = this.#clock.now()
    if (reading) {
      // What we did not read is no sign of silence.
      this.#watchSilence(nowMs)
      this.#partialFrame?.resume(nowMs)
      if (this.#decoder !== undefined) this.#decode(this.#decoder, nowMs)
      else if (this.#peerEnded) this.#streamEnded()
      // Draining may have closed the connection, or filled a queue again.
      if (!this.#isOver() && this.#reading) this.#connection.setReading(true)
    } else {
      this.#silence?.stop()
      this.#partialFrame?.pause(nowMs)
      this.#connection.setReading(false)
    }
  }

  // ── the peer's FIN ──────────────────────────────────────────────────────────────────────────────────────────

  ended(): void {
    if (this.#phase === 'over') {
      this.#owner.tally.fenced++
      return
    }
    this.#peerEnded = true
    this.#silence?.dispose()
    // Nobody can end a stream twice, and frames that wait behind a pause come first, for a while.
    if (this.#owner.held) this.#watchHalf()
    else this.#streamEnded()
  }

  #streamEnded(): void {
    this.#peerEnded = false
    this.#streamOver = true
    this.#partialFrame?.dispose()
    try {
      this.#decoder?.end()
    } catch (error) {
      this.#reason = this.#diagnosed(messageText(error))
    }
    if (this.#phase === 'finishing' || this.#phase === 'finished') return
    this.#watchHalf()
    const serves = this.#owner.settings.halfClose === 'serve' && this.#phase === 'open'
    if (!serves) this.finish(this.#reason)
  }

  #watchHalf(): void {
    this.#half ??= new Deadline(this.#clock, Math.max(1, this.#owner.settings.halfCloseMs), () => {
      this.#halfCloseOver()
    })
    this.#half.start(this.#clock.now())
  }

  /** Time is up for whoever wanted to be served, or to read, after the peer's FIN. */
  #halfCloseOver(): void {
    if (this.#peerEnded) {
      this.#countDiscarded()
      this.#streamEnded()
    } else if (this.#phase === 'open') {
      this.finish(this.#reason)
    } else {
      this.abort(this.#reason)
    }
  }

  // ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** There is something to write. One flush at the end of the present callback takes all that came within it. */
  wake(): void {
    if (this.#flushDue || this.#writing || this.#phase !== 'open') return
    this.#flushDue = true
    this.#clock.soon((this.#flushSoon ??= this.#makeFlushSoon()))
  }

  /** Not within `wake`: whatever contains a function is given an object for it at every call, made or not. */
  #makeFlushSoon(): () => void {
    return () => {
      this.#flushDue = false
      this.#flush()
    }
  }

  #flush(): void {
    if (this.#writing || this.#phase !== 'open') return
    const owner = this.#owner
    if (owner.outbox.peek() === undefined && this.#control.length === 0) return
    const nowMs = this.#clock.now()
    const batch = (this.#batch ??= new Batch(this.#codec, this.#buffers))
    const control = this.#control
    this.#control = NO_CONTROL
    const any = batch.fill(owner.outbox, control, { ms: nowMs, epoch: owner.epoch }, owner)
    if (!any) {
      batch.clear()
      owner.relieved()
      return
    }
    owner.tally.resent += batch.resent
    this.#writing = true
    if (this.#quiet?.running === true) this.#quiet.start(nowMs)
    this.#watchStall(nowMs)
    if (this.#connection.write(batch.chunks) === true) batch.returnBuffer()
  }

  written(): void {
    const owner = this.#owner
    if (this.#phase === 'over') {
      owner.tally.fenced++
      return
    }
    const batch = this.#batch
    if (batch === undefined || !this.#writing) {
      throw new Error('link: a write was confirmed that nobody made')
    }
    this.#writing = false
    this.#stall?.stop()
    owner.tally.written += batch.messages
    owner.tally.writtenBytes += batch.payloadBytes
    if (owner.watched) {
      this.#releaseWatched(batch)
    } else {
      owner.outbox.release(batch.messages, batch.hasIds ? this.#tellWritten() : undefined)
      batch.clear()
    }
    owner.relieved()
    if (this.#phase === 'finishing') this.#sendFin()
    else this.#flush()
  }

  /** Whoever is told may send again, which must not find the outbox half changed: told when all are released. */
  #releaseWatched(batch: Batch): void {
    const released: OutboundMessage[] = []
    const tellWritten = this.#tellWritten()
    this.#owner.outbox.release(batch.messages, (message) => {
      tellWritten(message)
      released.push(message)
    })
    batch.clear()
    for (const message of released) this.#owner.sent(message)
  }

  #tellWritten(): (message: OutboundMessage) => void {
    const owner = this.#owner
    return (message) => {
      if (message.id !== undefined) owner.written(message)
    }
  }

  /** Nothing was sent for a while. A write under way is a sign of life already, or a stall. */
  #heartbeatDue(): void {
    if (!this.#writing) this.probe()
    this.#watchQuiet(this.#clock.now())
  }

  /** Sends a heartbeat now, where one is configured, so that a peer that answers shows that it is there. */
  probe(): void {
    const { heartbeat } = this.#owner.settings
    if (heartbeat === undefined || this.#phase !== 'open') return
    this.#owner.tally.heartbeatsSent++
    this.#sendControl(heartbeat.payload)
  }

  #sendControl(payload: Uint8Array): void {
    // One of each kind is enough, however often it was asked for while a write was under way.
    if (this.#control.includes(payload)) return
    this.#control = [...this.#control, payload]
    this.wake()
  }

  // ── ending: ask, join, free ─────────────────────────────────────────────────────────────────────────────────

  /** Ends gracefully: the write under way, FIN, reading on until the peer's FIN or `linger`. */
  finish(reason: string): void {
    if (this.#phase !== 'open' && this.#phase !== 'probation') return
    this.#reason = reason
    this.#phase = 'finishing'
    this.#quiet?.dispose()
    if (!this.#writing) this.#sendFin()
  }

  #sendFin(): void {
    this.#phase = 'finished'
    this.#stall?.dispose()
    this.#linger = new Deadline(this.#clock, Math.max(1, this.#owner.settings.lingerMs), () => {
      this.abort(this.#reason)
    })
    this.#linger.start(this.#clock.now())
    this.#connection.end()
  }

  /** Ends at once: reset. `over` follows with this reason. */
  abort(reason: string): void {
    if (this.#phase === 'over') return
    this.#reason = reason
    this.#connection.destroy()
    this.#over()
  }

  closed(reason: CloseReason): void {
    if (this.#phase !== 'over') {
      if (reason.kind === 'failed' && this.#phase !== 'finished') {
        this.#reason = failureReason(reason.error)
      }
      this.#over()
    }
    // Only now has the transport let go of the write.
    this.#batch?.clear()
  }

  #over(): void {
    this.#phase = 'over'
    for (const deadline of [
      this.#silence,
      this.#stall,
      this.#partialFrame,
      this.#quiet,
      this.#half,
      this.#linger,
    ]) {
      deadline?.dispose()
    }
    this.#countDiscarded()
    this.#owner.over(this, this.#reason)
  }

  /** What was received whole and nobody took. */
  #countDiscarded(): void {
    const decoder = this.#decoder
    try {
      while (this.#payloadsLeft-- > 0 && decoder?.next() !== undefined) {
        this.#owner.tally.discarded++
      }
    } catch {
      // The stream is over anyway; what cannot be decoded was no payload.
    }
  }

  #isOver(): boolean {
    return this.#phase === 'over'
  }
}

function isIdle(deadline: Deadline | undefined): boolean {
  return deadline?.running !== true
}

/** `ECONNRESET` tells an operator more than "read ECONNRESET" in one place and "write EPIPE" in the next. */
export function failureReason(error: Error): string {
  const code: unknown = 'code' in error ? error.code : undefined
  return code === 'ECONNRESET' ? 'reset by peer' : error.message
}
