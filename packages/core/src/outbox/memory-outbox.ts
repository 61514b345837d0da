import {
  type OutboundMessage,
  type Outbox,
  type OutboxHandler,
  type OutboxLevel,
  type OutboxLimits,
  type OutboxStore,
} from '../contracts/outbox.js'
import { OUTBOX_MESSAGE_BYTES } from '../units/message-overhead.js'

/**
 * A message that consists only of its payload is stored as the payload: objects for them would be most of the garbage.
 */
type Slot = OutboundMessage | Uint8Array | undefined

/** All empty outboxes share it. Nothing is written to it, because the mask of an empty outbox is -1. */
const NO_RING: Slot[] = []
const CAPACITY_MIN = 16
/** A ring larger than this is released when the outbox becomes empty. */
const CAPACITY_KEPT = 16_384

/** Makes outboxes in memory, which are lost when the process ends. */
export class MemoryOutboxStore implements OutboxStore {
  open(_link: string, limits: OutboxLimits, handler: OutboxHandler): Outbox {
    return new MemoryOutbox(limits, handler)
  }
}

/** Presents a payload as a message. */
class PlainMessage implements OutboundMessage {
  payload: Uint8Array
  readonly id = undefined
  readonly expiresAtMs = undefined
  readonly epoch = 0
  resent = false

  constructor(payload: Uint8Array) {
    this.payload = payload
  }
}

/**
 * A ring of messages whose size is a power of two. A position is a number that only grows, and a mask turns it into an
 * index. A message that is removed from the middle leaves a hole, which the head skips later, because messages that are
 * being written must keep their positions.
 */
export class MemoryOutbox implements Outbox, OutboxLevel {
  messages = 0
  bytes = 0
  #limits: OutboxLimits
  readonly #handler: OutboxHandler
  // Created with the first message, because most links of a large table are idle.
  #ring: Slot[] = NO_RING
  /** Reused for every plain message. */
  #shown: PlainMessage | undefined
  #mask = -1
  #head = 0
  #cursor = 0
  #tail = 0
  #takenMessages = 0
  #takenBytes = 0

  constructor(limits: OutboxLimits, handler: OutboxHandler) {
    this.#limits = limits
    this.#handler = handler
  }

  /**
   * The outbox itself, because a separate object for each of many idle links would cost more memory than its content.
   */
  get level(): OutboxLevel {
    return this
  }

  limit(limits: OutboxLimits): void {
    this.#limits = limits
  }

  append(
    payload: Uint8Array,
    id: string | undefined,
    expiresAtMs: number | undefined,
    epoch: number,
  ): boolean {
    const bytes = slotBytes(payload)
    if (!this.#fits(bytes) && !this.#makeRoom(bytes)) return false
    if (this.#tail - this.#head > this.#mask) this.#rebuild()
    const plain = id === undefined && expiresAtMs === undefined && epoch === 0
    this.#ring[this.#tail & this.#mask] = plain
      ? payload
      : { payload, id, expiresAtMs, epoch, resent: false }
    this.#tail++
    this.messages++
    this.bytes += bytes
    return true
  }

  #fits(bytes: number): boolean {
    return this.messages < this.#limits.messagesMax && this.bytes + bytes <= this.#limits.bytesMax
  }

  #makeRoom(bytes: number): boolean {
    if (this.#limits.overflow === 'reject') return false
    // Messages that are being written stay. If they leave too little room, dropping the others cannot help.
    if (this.#takenBytes + bytes > this.#limits.bytesMax) return false
    if (this.#takenMessages >= this.#limits.messagesMax) return false
    while (!this.#fits(bytes)) {
      const oldest = this.peek()
      if (oldest === undefined) return false
      this.drop()
      this.#handler.dropped(oldest)
    }
    return true
  }

  /** Makes room at the tail by removing the holes. The ring grows only if its messages need the room. */
  #rebuild(): void {
    const { messages } = this
    const roomy = messages * 2 <= this.#ring.length
    const capacity = roomy ? this.#ring.length : Math.max(CAPACITY_MIN, this.#ring.length * 2)
    const ring = new Array<Slot>(capacity).fill(undefined)
    let to = 0
    for (let at = this.#head; at < this.#tail; at++) {
      const slot = this.#ring[at & this.#mask]
      if (slot !== undefined) ring[to++] = slot
    }
    this.#ring = ring
    this.#mask = capacity - 1
    this.#head = 0
    this.#cursor = this.#takenMessages
    this.#tail = to
  }

  peek(): OutboundMessage | undefined {
    const slot = this.#untaken()
    return slot === undefined ? undefined : this.#show(slot)
  }

  /** The slot at the cursor, which skips holes. */
  #untaken(): Slot {
    while (this.#cursor < this.#tail) {
      const slot = this.#ring[this.#cursor & this.#mask]
      if (slot !== undefined) return slot
      this.#cursor++
    }
    return undefined
  }

  #show(slot: OutboundMessage | Uint8Array): OutboundMessage {
    if (!ArrayBuffer.isView(slot)) return slot
    this.#shown ??= new PlainMessage(slot)
    this.#shown.payload = slot
    return this.#shown
  }

  take(): void {
    const slot = this.#untaken()
    if (slot === undefined) throw new Error('outbox: nothing to take')
    this.#takenMessages++
    this.#takenBytes += slotBytes(slot)
    this.#cursor++
  }

  drop(): void {
    this.#remove(this.#cursor)
    this.#cursor++
    this.#forgetHoles()
  }

  release(count: number, ended?: (message: OutboundMessage) => void): void {
    if (ended === undefined && count === this.#takenMessages) {
      this.#releaseTaken()
      return
    }
    for (let left = count; left > 0; this.#head++) {
      const slot = this.#ring[this.#head & this.#mask]
      if (slot === undefined) continue
      left--
      this.#takenMessages--
      this.#takenBytes -= slotBytes(slot)
      this.#remove(this.#head)
      ended?.(this.#show(slot))
    }
    this.#forgetHoles()
  }

  /** Releases all copies of a write together, as nearly every write does, without adding up their sizes. */
  #releaseTaken(): void {
    for (let at = this.#head; at < this.#cursor; at++) this.#ring[at & this.#mask] = undefined
    this.#head = this.#cursor
    this.messages -= this.#takenMessages
    this.bytes -= this.#takenBytes
    this.#takenMessages = this.#takenBytes = 0
    this.#forgetHoles()
  }

  rewind(): void {
    for (let at = this.#head; at < this.#cursor; at++) {
      const slot = this.#ring[at & this.#mask]
      if (slot === undefined) continue
      const message = ArrayBuffer.isView(slot) ? new PlainMessage(slot) : slot
      message.resent = true
      this.#ring[at & this.#mask] = message
    }
    this.#cursor = this.#head
    this.#takenMessages = 0
    this.#takenBytes = 0
  }

  discard(which: (message: OutboundMessage) => boolean): void {
    for (let at = this.#cursor; at < this.#tail; at++) {
      const slot = this.#ring[at & this.#mask]
      if (slot !== undefined && which(this.#show(slot))) this.#remove(at)
    }
    this.#forgetHoles()
  }

  #remove(at: number): void {
    const slot = this.#ring[at & this.#mask]
    if (slot === undefined) return
    this.#ring[at & this.#mask] = undefined
    this.messages--
    this.bytes -= slotBytes(slot)
  }

  /** An empty outbox starts again at 0. Otherwise the head skips the holes in front of it. */
  #forgetHoles(): void {
    if (this.messages === 0) {
      this.#head = this.#cursor = this.#tail = 0
      // Do not keep the ring of a long outage for the few messages that follow.
      if (this.#ring.length > CAPACITY_KEPT) {
        this.#ring = NO_RING
        this.#mask = -1
      }
      return
    }
    while (this.#head < this.#cursor && this.#ring[this.#head & this.#mask] === undefined)
      this.#head++
  }
}

function slotBytes(slot: OutboundMessage | Uint8Array): number {
  return (ArrayBuffer.isView(slot) ? slot : slot.payload).length + OUTBOX_MESSAGE_BYTES
}
