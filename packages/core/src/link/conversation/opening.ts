import type { EntryConfig } from '../../config/node-config.js'
import type { Clock } from '../../contracts/clock.js'
import { CommloopError } from '../../contracts/errors.js'
import type { LinkOpening, OpeningDoor, OpeningSession } from '../../contracts/link-opening.js'
import { type Reason, type ReasonCode, reasonText } from '../../contracts/reason.js'
import type { PeerInfo } from '../../contracts/transport.js'
import type { WarningCode } from '../../contracts/warning.js'
import { foreignText, messageText } from '../../text/safe-text.js'
import { shortened } from '../../text/short-text.js'
import type { Channel, Conversation } from './conversation.js'
import { type HeartbeatLink, Heartbeats } from './heartbeats.js'

/** Frames that an opening may take before `open`. A peer that sends more is not following any logon. */
export const OPENING_FRAMES_MAX = 1_024
/** Bytes of their payloads. */
export const OPENING_PAYLOAD_BYTES_MAX = 1024 * 1024
/** Characters of a reason or a progress that an opening gives. */
const TEXT_LENGTH_MAX = 500

/** The link that has an opening. */
export interface OpeningLink extends HeartbeatLink {
  readonly id: string
  readonly entry: EntryConfig
  readonly codec: { readonly payloadBytesMax: number }
  readonly intake: { readonly paused: boolean } | undefined
  readonly readiness: { opened(): void } | undefined
}

/** What an opening uses of its node. */
export interface OpeningServices {
  readonly clock: Clock
  readonly listener: { warning(code: WarningCode, message: string, cause?: unknown): void }
}

/** The connection that is opened. */
export interface OpeningChannel extends Channel {
  readonly peer: PeerInfo
  /** The link is held: no more frames after this one. */
  pause(): void
  /** Ends gracefully, after what was sent. */
  finish(reason: Reason): void
  abort(reason: Reason): void
}

/** `open`: messages pass. `refused`: the connection ends because of the opening. */
type Verdict = 'open' | 'refused'

/** These reasons say only that the peer is gone. During an opening, the place where it left says more. */
const PEER_LEFT: ReadonlySet<ReasonCode> = new Set([
  'peer-closed',
  'reset-by-peer',
  'connection-failed',
])

/**
 * Lets a `LinkOpening` speak on one connection, before messages pass and, if it stays, afterwards. It is asked before the
 * heartbeats, which begin with `open`. The opening may be a plugin: whatever it throws or returns, only this connection
 * may end.
 */
export class Opening implements Conversation, Channel {
  readonly #opening: LinkOpening
  readonly #link: OpeningLink
  readonly #channel: OpeningChannel
  readonly #services: OpeningServices
  /** undefined before `begin` has returned. */
  #session: OpeningSession | undefined
  /** The session gets the frames. */
  #listens = true
  #verdict: Verdict | undefined
  /** Why the opening itself has ended the connection. */
  #refusal: Reason | undefined
  /** Nothing more can be sent. */
  #isEnding = false
  #heartbeats: Heartbeats | undefined
  #framesLeft = OPENING_FRAMES_MAX
  #bytesLeft = OPENING_PAYLOAD_BYTES_MAX

  constructor(
    opening: LinkOpening,
    link: OpeningLink,
    channel: OpeningChannel,
    services: OpeningServices,
  ) {
    this.#opening = opening
    this.#link = link
    this.#channel = channel
    this.#services = services
  }

  get isOpening(): boolean {
    return this.#verdict !== 'open'
  }

  // A method instead of a comparison: the compiler would assume that the verdict does not change during a call.
  #isUndecided(): boolean {
    return this.#verdict === undefined && !this.#isEnding
  }

  /** How far the opening is; undefined: it does not say. */
  get progress(): string | undefined {
    try {
      const progress: unknown = this.#session?.progress
      return typeof progress === 'string' ? shortened(progress, TEXT_LENGTH_MAX) : undefined
    } catch {
      // Only a text for people. The opening's own calls show that it is faulty.
      return undefined
    }
  }

  begin(): void {
    // They only recognise the heartbeats of the peer until `open`.
    this.#converse()
    const { id, entry } = this.#link
    const { remote, identities } = this.#channel.peer
    const peer = { link: id, entry: entry.id, role: entry.role, remote, identities }
    try {
      const session: unknown = this.#opening.begin(peer, this.#door())
      if (!isSession(session)) throw new TypeError('begin did not return a session')
      this.#session = session
    } catch (error) {
      this.#threw(error)
      return
    }
    if (this.#verdict === 'open') this.#opened()
    // The transport does not have the handler of the connection yet, so nothing may be written in this call.
    else if (this.#verdict === 'refused') {
      this.#services.clock.soon(() => {
        this.#finish()
      })
    }
  }

  // ── the door ────────────────────────────────────────────────────────────────────────────────────────────────

  #door(): OpeningDoor {
    return {
      send: (payload) => {
        this.#say(payload)
      },
      open: () => {
        this.#open()
      },
      refuse: (reason) => {
        this.#refuse(reason)
      },
    }
  }

  #say(payload: Uint8Array): void {
    if (!((payload as unknown) instanceof Uint8Array)) {
      throw new CommloopError('CML_ERR_PAYLOAD_INVALID', 'an opening sends only a Uint8Array')
    }
    const { payloadBytesMax } = this.#link.codec
    if (payload.byteLength > payloadBytesMax) {
      const text = `the opening sends ${String(payload.byteLength)} bytes, and the codec takes ${String(payloadBytesMax)}`
      throw new CommloopError('CML_ERR_PAYLOAD_TOO_LARGE', text)
    }
    if (this.#isEnding || this.#verdict === 'refused') return
    // A copy is also another object: the same bytes may be sent twice.
    if (this.#channel.send(Uint8Array.from(payload))) this.#link.queue.tally.openingSent++
    else this.#abort('opening-flood', 'the peer does not read what the opening sends')
  }

  #open(): void {
    if (!this.#isUndecided()) return
    this.#verdict = 'open'
    if (this.#session !== undefined) this.#opened()
  }

  #opened(): void {
    if (this.#isEnding) return
    this.#listens = this.#stays()
    // Frames that follow are messages, and a holder may not want them now.
    if (this.#link.intake?.paused === true) this.#channel.pause()
    this.#converse()?.begin(this.#services.clock.now(), false)
    this.#link.readiness?.opened()
  }

  #stays(): boolean {
    try {
      return this.#session?.stays === true
    } catch {
      return false
    }
  }

  #refuse(reason: string): void {
    if (!this.#isUndecided()) return
    this.#verdict = 'refused'
    const text = typeof (reason as unknown) === 'string' ? reason : foreignText(reason)
    this.#refusal = { code: 'not-opened', detail: shortened(text, TEXT_LENGTH_MAX) }
    if (this.#session !== undefined) this.#finish()
  }

  #finish(): void {
    if (this.#refusal !== undefined) this.#channel.finish(this.#refusal)
  }

  #threw(error: unknown): void {
    this.#abort('opening-threw', messageText(error))
  }

  #abort(code: ReasonCode, detail: string): void {
    if (this.#isEnding) return
    this.#refusal = { code, detail: shortened(detail, TEXT_LENGTH_MAX) }
    this.#channel.abort(this.#refusal)
  }

  // ── received ────────────────────────────────────────────────────────────────────────────────────────────────

  received(payload: Uint8Array): boolean {
    // The connection ends without having been open: what the peer still sends is not a message.
    if (this.isOpening && !(this.#isUndecided() && this.#fits(payload))) return true
    if (this.#listens && this.#ask(payload)) return true
    if (this.#heartbeats?.received(payload) === true) return true
    if (!this.isOpening) return false
    if (this.#isUndecided()) this.#abort('opening-early', `${String(payload.byteLength)} bytes`)
    return true
  }

  #ask(payload: Uint8Array): boolean {
    try {
      const answer: unknown = this.#session?.received(payload)
      if (typeof answer !== 'boolean') {
        throw new TypeError(`received answered ${foreignText(answer)}, expected true or false`)
      }
      if (answer) this.#link.queue.tally.openingReceived++
      return answer
    } catch (error) {
      this.#threw(error)
      // The connection is over, so the frame is not a message.
      return true
    }
  }

  /** Whether an opening may still take so much. */
  #fits(payload: Uint8Array): boolean {
    this.#framesLeft--
    this.#bytesLeft -= payload.byteLength
    if (this.#framesLeft > 0 && this.#bytesLeft >= 0) return true
    this.#abort('opening-flood', 'the peer sends more than an opening may take')
    return false
  }

  // ── heartbeats ──────────────────────────────────────────────────────────────────────────────────────────────

  #converse(): Heartbeats | undefined {
    const wanted = this.#link.settings.heartbeat !== undefined
    if (wanted) return (this.#heartbeats ??= new Heartbeats(this, this.#link, this.#services.clock))
    this.#heartbeats?.finished()
    this.#heartbeats = undefined
    return undefined
  }

  get quiet(): boolean {
    return this.#channel.quiet
  }

  /** A heartbeat, or the answer to one: not before `open`. */
  send(payload: Uint8Array): boolean {
    return !this.isOpening && this.#channel.send(payload)
  }

  writing(nowMs: number): void {
    this.#heartbeats?.writing(nowMs)
  }

  probe(): void {
    this.#heartbeats?.probe()
  }

  settingsChanged(nowMs: number): void {
    const heartbeats = this.#converse()
    if (!this.isOpening) heartbeats?.settingsChanged(nowMs)
  }

  // ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────

  finished(): void {
    this.#isEnding = true
    this.#heartbeats?.finished()
  }

  ended(reason: Reason): Reason {
    this.finished()
    const full = this.#explained(reason)
    try {
      this.#session?.ended?.()
    } catch (error) {
      const text = `${this.#link.id}: the opening threw in ended: ${foreignText(error)}`
      this.#services.listener.warning('OPENING_THREW', text, error)
    }
    return full
  }

  #explained(reason: Reason): Reason {
    if (this.#refusal !== undefined) return this.#refusal
    if (this.#verdict === 'open' || !PEER_LEFT.has(reason.code)) return reason
    const { progress } = this
    const text = reasonText(reason)
    return {
      code: 'opening-ended',
      detail: progress === undefined ? text : `${text}, at ${progress}`,
    }
  }
}

function isSession(value: unknown): value is OpeningSession {
  return (
    typeof value === 'object' &&
    value !== null &&
    'received' in value &&
    typeof value.received === 'function'
  )
}
