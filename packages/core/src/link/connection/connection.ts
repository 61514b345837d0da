import type { Reason } from '../../contracts/reason.js'
import type { LinkPeer, NamedListener } from '../../config/peer-match.js'
import type { CloseReason, Connection, ConnectionHandler } from '../../contracts/transport.js'
import type { Conversation } from '../conversation/conversation.js'
import { conversationOf } from '../conversation/conversation-of.js'
import type { OpeningChannel } from '../conversation/opening.js'
import type { ConnectionOwner, ConnectionServices } from './connection-owner.js'
import {
  nextReceivePhase,
  nextSendPhase,
  type ReceiveEvent,
  type ReceivePhase,
  type SendEvent,
  type SendPhase,
} from './connection-phase.js'
import { failureReason } from './failure-reason.js'
import { FrameReader, type ReaderHost } from './frame-reader.js'
import { FrameWriter } from './frame-writer.js'
import { type Expiry, Liveness } from './liveness.js'

const PEER_CLOSED: Reason = { code: 'peer-closed' }

/**
 * One connection of a link. Separate parts read, write and watch the peer; `connection-phase.ts` defines what is possible
 * in which phase. Nothing of it, such as a partial frame or a timer, can reach the link's next connection.
 */
export class LinkConnection implements ConnectionHandler, ReaderHost, OpeningChannel {
  readonly peer: LinkPeer
  readonly #connection: Connection
  readonly #owner: ConnectionOwner
  readonly #services: ConnectionServices
  #sending: SendPhase
  #receiving: ReceivePhase = 'paused'
  /** Why the connection ends. Until it ends, the reason that applies if no other comes first. */
  #reason: Reason = PEER_CLOSED
  /** When the last bytes arrived, by the clock. Only this class sets it. */
  receivedMs = Number.NEGATIVE_INFINITY
  // Most links of a large table are idle, and each part costs memory.
  #reader: FrameReader | undefined
  #writer: FrameWriter | undefined
  #liveness: Liveness | undefined
  /** Only this class sets it. */
  conversation: Conversation | undefined

  constructor(
    connection: Connection,
    owner: ConnectionOwner,
    services: ConnectionServices,
    probation: boolean,
    listener?: NamedListener,
  ) {
    this.peer = listener === undefined ? connection.peer : { ...connection.peer, listener }
    this.#connection = connection
    this.#owner = owner
    this.#services = services
    this.#sending = probation ? 'probation' : 'idle'
  }

  get writable(): boolean {
    return this.#sending === 'idle' || this.#sending === 'writing' || this.#sending === 'due'
  }

  get quiet(): boolean {
    const phase = this.#sending
    return phase !== 'writing' && phase !== 'finishing' && phase !== 'asking'
  }

  /** Whether the peer accepts us is not known yet, and neither side has ended. */
  get onProbation(): boolean {
    return this.#sending === 'probation' || this.#sending === 'asking'
  }

  /** While the link waits to be ready, a heartbeat may ask for a frame, and shows that this node is alive. */
  #mayAsk(): boolean {
    return this.writable || (this.onProbation && this.#owner.settings.ready !== 'connected')
  }

  get unconfirmed(): number {
    return this.#writer?.unconfirmed ?? 0
  }

  #send(event: SendEvent): void {
    this.#sending = nextSendPhase(this.#sending, event)
  }

  #receive(event: ReceiveEvent): void {
    this.#receiving = nextReceivePhase(this.#receiving, event)
  }

  #isOpening(): boolean {
    return this.conversation?.isOpening === true
  }

  /** What an opening has said last is written before our FIN, to a peer that has not ended. */
  #refuses(): boolean {
    return this.#isOpening() && (this.#receiving === 'reading' || this.#receiving === 'paused')
  }

  // Methods instead of comparisons: after a comparison the compiler would assume that the phase does not change.
  #isClosed(): boolean {
    return this.#sending === 'closed'
  }

  #isReading(): boolean {
    return this.#receiving === 'reading'
  }

  #watch(): Liveness {
    const { clock } = this.#services
    return (this.#liveness ??= new Liveness(clock, this.#owner, this, this.#connection))
  }

  /** Begins to read, and to write what waits. Called after the transport has received the handler. */
  begin(): void {
    if (this.#isClosed()) return
    const nowMs = this.#services.clock.now()
    this.receivedMs = nowMs
    this.conversation = conversationOf(this.#owner, this, this.#services, undefined)
    this.conversation?.begin(nowMs, this.onProbation)
    if (!this.#owner.intake?.paused || this.#isOpening()) this.resume()
    if (this.#owner.queue.outbox.level.messages > 0) this.wake()
  }

  /** The peer accepts us. */
  endProbation(): void {
    if (!this.onProbation) return
    this.#send('admit')
    this.wake()
  }

  settingsChanged(): void {
    const nowMs = this.#services.clock.now()
    const reading = this.#isReading()
    const writing = !this.quiet
    this.#liveness?.settingsChanged(nowMs)
    if ((reading && this.#owner.settings.silenceMs > 0) || writing)
      this.#watch().startMissing(nowMs, reading, writing)
    if (reading && this.#reader !== undefined) this.#watchFrame(this.#reader, nowMs)
    this.conversation = conversationOf(this.#owner, this, this.#services, this.conversation)
    if (this.writable || this.onProbation) this.conversation?.settingsChanged(nowMs)
  }

  // ── received ────────────────────────────────────────────────────────────────────────────────────────────────

  received(chunk: Uint8Array): void {
    const { tally } = this.#owner.queue
    if (this.#receiving === 'closed') {
      tally.fenced++
      return
    }
    const nowMs = this.#services.clock.now()
    this.receivedMs = nowMs
    this.#liveness?.received(nowMs)
    tally.receivedBytes += chunk.length
    const reader = (this.#reader ??= new FrameReader(this, this.#owner))
    if (reader.push(chunk)) this.#decode(reader, nowMs)
  }

  #decode(reader: FrameReader, nowMs: number): void {
    if (!reader.decode() || this.#isClosed()) return
    this.#watchFrame(reader, nowMs)
    this.#endDrainedStream()
  }

  get reads(): boolean {
    const phase = this.#receiving
    return phase === 'reading' || phase === 'lastFrames' || phase === 'ended'
  }

  deliver(payload: Uint8Array): void {
    const owner = this.#owner
    if (owner.readiness?.proved === false) owner.readiness.frame()
    if (this.conversation?.received(payload) === true) return
    owner.delivered(payload, owner.epoch)
  }

  #watchFrame(reader: FrameReader, nowMs: number): void {
    // During a pause, whole frames may wait in the decoder, so it cannot say yet whether the last one is partial.
    if (!this.reads) return
    if (reader.isMidFrame()) this.#watch().midFrame(nowMs)
    else this.#liveness?.betweenFrames()
  }

  /** The first hold has begun. */
  pause(): void {
    if (this.#receiving !== 'reading' && this.#receiving !== 'lastFrames') return
    if (this.#isOpening()) return
    this.#receive('pause')
    this.#liveness?.paused(this.#services.clock.now())
    this.#connection.setReading(false)
  }

  /** The last hold was released. */
  resume(): void {
    if (this.#receiving !== 'paused' && this.#receiving !== 'finHeld') return
    this.#receive('resume')
    const nowMs = this.#services.clock.now()
    if (this.#isReading() && this.#owner.settings.silenceMs > 0) this.#watch().reading(nowMs)
    this.#liveness?.resumed(nowMs)
    if (this.#reader !== undefined) this.#decode(this.#reader, nowMs)
    else this.#endDrainedStream()
    // Draining may have closed the connection, or filled a queue again.
    if (this.reads) this.#connection.setReading(true)
  }

  ended(): void {
    if (this.#receiving === 'closed') {
      this.#owner.queue.tally.fenced++
      return
    }
    this.#receive('fin')
    this.#liveness?.finReceived()
    // The FIN arrives once. Frames that wait during a pause are delivered before it, as long as `halfClose` allows.
    if (this.#receiving === 'finHeld') this.#watch().halfClosed(this.#services.clock.now())
    else this.#streamOver()
  }

  /** All whole frames are delivered. After the peer's FIN they were the last. */
  #endDrainedStream(): void {
    if (this.#receiving === 'lastFrames') this.#streamOver()
  }

  #streamOver(): void {
    this.#receive('streamOver')
    this.#liveness?.streamOver()
    if (this.#reader?.mayHavePayloads === false) this.#reason = this.#reader.end() ?? this.#reason
    if (!this.writable && !this.onProbation) return
    this.#watch().halfClosed(this.#services.clock.now())
    if (this.#owner.settings.halfClose === 'close' || !this.writable) this.finish(this.#reason)
  }

  // ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** There is something to write. One flush at the end of the present callback writes all of it. */
  wake(): void {
    if (this.#sending !== 'idle') return
    this.#send('wake')
    this.#services.clock.soon((this.#writer ??= this.#makeWriter()).flush)
  }

  /** Not within `wake`: V8 allocates the closure's context on every call, even if the closure is never created. */
  #makeWriter(): FrameWriter {
    const { codec, queue } = this.#owner
    return new FrameWriter(codec, this.#services.buffers, queue, () => {
      this.#flush()
    })
  }

  #flush(): void {
    const asks = this.#sending === 'probation'
    if (this.#sending !== 'due' && this.#sending !== 'idle' && !asks) return
    // Our FIN waits for a holder. The peer, which may have restarted, would lose what is written before it.
    if (this.#receiving === 'finHeld' && this.#owner.settings.halfClose === 'close') return
    const writer = this.#writer
    if (writer?.hasWork(asks) !== true) {
      if (this.#sending === 'due') this.#send('rest')
      return
    }
    const nowMs = this.#services.clock.now()
    this.#send('flush')
    const filled = asks ? writer.fillControl() : writer.fill(nowMs, this.#owner.epoch)
    if (this.#isClosed()) {
      // The codec, which may be a plugin, has ended the connection from within `encode`.
      writer.takeBack()
      return
    }
    if (!filled) {
      this.#writeOver()
      this.#owner.queue.shrunk()
      return
    }
    this.#write(writer, nowMs)
  }

  #write(writer: FrameWriter, nowMs: number): void {
    this.conversation?.writing(nowMs)
    this.#watch().writing(nowMs)
    if (this.#connection.write(writer.chunks) === true) writer.returnBuffer()
  }

  written(): void {
    if (this.#isClosed()) {
      this.#owner.queue.tally.fenced++
      return
    }
    const writer = this.#writer
    if (writer === undefined || this.quiet)
      throw new Error('link: the transport confirmed a write that was not made')
    // Before the copies are released: a listener of their outcomes may send, or end the connection.
    if (this.#sending !== 'finishing') this.#send('done')
    this.#liveness?.written()
    writer.confirmed()
    this.#owner.queue.shrunk()
    if (this.#sending !== 'finishing') this.#flush()
    else if (this.#refuses() && writer.hasWork(true) && writer.fillControl())
      this.#write(writer, this.#services.clock.now())
    else this.#writeOver()
  }

  #writeOver(): void {
    this.#send('done')
    if (this.#sending === 'finished') this.#sendFin()
  }

  send(payload: Uint8Array): boolean {
    if (!this.#mayAsk()) return false
    const writer = (this.#writer ??= this.#makeWriter())
    if (!writer.control(payload)) return false
    if (this.#sending === 'probation') this.#services.clock.soon(writer.flush)
    else this.wake()
    return true
  }

  /** A deadline of the peer has expired. */
  peerFailed(at: Expiry): void {
    if (at === 'half-close') this.#halfCloseOver()
    else if (at === 'linger') this.abort(this.#reason)
    else if (at === 'write-stall') this.abort({ code: at })
    // A peer whose bytes do not form frames may speak another protocol.
    else this.abort(this.#reader?.diagnosed({ code: at }) ?? { code: at })
  }

  /** `halfClose` has expired: the link does not wait for its holders any more, and the peer is no longer served. */
  #halfCloseOver(): void {
    if (this.#receiving === 'finHeld') {
      this.#leaveRest()
      // A peer that is still served waits for replies to what the holder has not taken yet.
      if (this.#owner.settings.halfClose === 'close') this.#streamOver()
    } else if (this.writable) {
      this.finish(this.#reason)
    } else {
      this.abort(this.#reason)
    }
  }

  /** Ends gracefully: finishes what is being written, sends FIN, and reads until the peer's FIN or `linger`. */
  finish(reason: Reason): void {
    if (!this.writable && !this.onProbation) return
    this.#reason = reason
    if (this.#sending === 'probation' && this.#refuses()) this.#flush()
    // A codec may have ended the connection.
    if (this.#isClosed()) return
    this.#send('finish')
    this.conversation?.finished()
    if (this.#sending === 'finished') this.#sendFin()
  }

  #sendFin(): void {
    this.#watch().finSent(this.#services.clock.now())
    this.#connection.end()
  }

  /** Gives the link to another connection, if the peer has ended and has received everything. @returns whether it did */
  release(): boolean {
    const served = this.writable && this.quiet && this.#owner.queue.outbox.level.messages === 0
    if (this.#receiving !== 'ended' || !served) return false
    this.finish(PEER_CLOSED)
    this.#owner.closed(this, PEER_CLOSED)
    return true
  }

  /** Ends with a reset. Before it returns, the owner's `closed` is called with this reason. */
  abort(reason: Reason): void {
    if (this.#isClosed()) return
    this.#reason = reason
    this.#connection.destroy()
    this.#close()
  }

  closed(reason: CloseReason): void {
    if (reason.kind === 'failed' && !this.#isClosed() && this.#sending !== 'finished')
      this.#reason = failureReason('connection-failed', reason.error)
    if (!this.#isClosed()) this.#close()
    // The transport uses the chunks until this moment.
    this.#writer?.clear()
  }

  #close(): void {
    this.#leaveRest()
    this.#send('close')
    this.#receive('close')
    this.#liveness?.dispose()
    this.#owner.closed(this, this.conversation?.ended(this.#reason) ?? this.#reason)
  }

  /** Leaves to the link what was received whole and not delivered. */
  #leaveRest(): void {
    const reader = this.#reader
    if (reader?.mayHavePayloads !== true) return
    // A connection that was never ready has no epoch under which its payloads could be delivered later.
    const wasUp = !this.onProbation && !this.#isOpening()
    if (wasUp && this.#owner.intake?.keep(reader, this.conversation) === true) return
    this.#owner.queue.tally.discarded += reader.discard()
  }

  heldTooLong(): void {
    if (this.#receiving === 'finHeld') this.#streamOver()
  }
}
