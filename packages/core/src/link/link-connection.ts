import type { Clock } from '../contracts/clock.js'
import type { FrameCodec, FrameDecoder } from '../contracts/frame-codec.js'
import type { OutboundMessage, Outbox } from '../contracts/outbox.js'
import type {
  CloseReason,
  Connection,
  ConnectionHandler,
  PeerInfo,
} from '../contracts/transport.js'
import type { LinkSettings } from '../config/node-config.js'
import { sameBytes } from '../config/link-settings.js'
import { Batch, type BatchListener } from './batch.js'
import type { BatchBuffers } from './batch-buffers.js'
import { Deadline } from './deadline.js'
import type { LinkTally } from './link-counters.js'

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
  /** Copies of a confirmed write that carry an id. */
  written(message: OutboundMessage): void
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

/**
 * One connection of a link, from birth to end: bytes to payloads, payloads to writes, and the deadlines by which it
 * is found out that nobody is there any more. It dies with its connection, so that nothing of an old one, no byte
 * of a half frame and no timer, can reach the next.
 */
export class LinkConnection implements ConnectionHandler {
  readonly #connection: Connection
  readonly #owner: ConnectionOwner
  readonly #clock: Clock
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
    this.#buffers = buffers
  }

  /** A deadline that ends the connection. */
  #failing(delayMs: number, reason: string): Deadline {
    return new Deadline(this.#clock, delayMs, () => {
      this.abort(reason)
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
    this.#silence ??= this.#failing(silenceMs, 'silence')
    this.#silence.start(nowMs)
  }

  /** The probation is over: the link is up. */
  endProbation(): void {
    if (this.#phase !== 'probation') return
    this.#phase = 'open'
    this.wake()
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
    this.#owner.tally.receivedBytes += chunk.byteLength
    this.#decoder ??= this.#owner.codec.createDecoder()
    if (this.#pushed(this.#decoder, chunk)) this.#decode(this.#decoder, nowMs)
  }

  #pushed(decoder: FrameDecoder, chunk: Uint8Array): boolean {
    try {
      decoder.push(chunk)
      return true
    } catch (error) {
      this.#protocolError(error)
      return false
    }
  }

  #decode(decoder: FrameDecoder, nowMs: number): void {
    // A listener that resumes this link while it is being told a payload must not start a second loop.
    if (this.#decoding) return
    this.#decoding = true
    while (!this.#owner.held) {
      const payload = this.#next(decoder)
      if (payload === undefined) break
      this.#frame(payload)
      if (this.#isOver()) break
    }
    this.#decoding = false
    if (this.#isOver()) {
      this.#countDiscarded()
      return
    }
    this.#watchPartialFrame(decoder, nowMs)
    if (this.#peerEnded && !this.#owner.held) this.#streamEnded()
  }

  #next(decoder: FrameDecoder): Uint8Array | undefined {
    try {
      return decoder.next()
    } catch (error) {
      this.#protocolError(error)
      return undefined
    }
  }

  #protocolError(error: unknown): void {
    this.abort(`protocol error: ${error instanceof Error ? error.message : String(error)}`)
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
    if (decoder.midFrame && !this.#owner.held) {
      this.#partialFrame ??= this.#failing(this.#owner.settings.partialFrameMs, 'partial frame')
      if (!this.#partialFrame.running) this.#partialFrame.start(nowMs)
    } else if (!this.#owner.held && this.#partialFrame?.running === true) {
      this.#partialFrame.stop()
    }
  }

  /** The link's `held` is another than it was. */
  holdChanged(): void {
    if (this.#phase === 'over') return
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
      this.#reason = error instanceof Error ? error.message : String(error)
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
    this.#flushSoon ??= () => {
      this.#flushDue = false
      this.#flush()
    }
    this.#clock.soon(this.#flushSoon)
  }

  #flush(): void {
    if (this.#writing || this.#phase !== 'open') return
    const owner = this.#owner
    if (owner.outbox.peek() === undefined && this.#control.length === 0) return
    const nowMs = this.#clock.now()
    const batch = (this.#batch ??= new Batch(owner.codec, this.#buffers))
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
    this.#stall ??= this.#failing(owner.settings.stallMs, 'write stall')
    this.#stall.start(nowMs)
    this.#connection.write(batch.chunks)
  }

  written(): void {
    const owner = this.#owner
    if (this.#phase === 'over') {
      owner.tally.fenced++
      return
    }
    const batch = this.#batch
    if (batch === undefined) throw new Error('link: a write was confirmed that nobody made')
    this.#writing = false
    this.#stall?.stop()
    owner.tally.written += batch.messages
    owner.tally.writtenBytes += batch.payloadBytes
    owner.outbox.release(batch.messages, batch.hasIds ? this.#tellWritten() : undefined)
    batch.clear()
    owner.relieved()
    if (this.#phase === 'finishing') this.#sendFin()
    else this.#flush()
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
    if (decoder === undefined || this.#decoding) return
    try {
      while (decoder.next() !== undefined) this.#owner.tally.discarded++
    } catch {
      // The stream is over anyway; what cannot be decoded was no payload.
    }
  }

  #isOver(): boolean {
    return this.#phase === 'over'
  }
}

/** `ECONNRESET` tells an operator more than "read ECONNRESET" in one place and "write EPIPE" in the next. */
export function failureReason(error: Error): string {
  const code: unknown = 'code' in error ? error.code : undefined
  return code === 'ECONNRESET' ? 'reset by peer' : error.message
}
