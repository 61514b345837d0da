import { CommloopError } from '@commloop/core'
import { bytesText } from '@commloop/framings'

/** How a frame contains bytes that have a meaning for the framing. Content is the payload and its checksum. */
export interface Escape {
  /** The most bytes that content of this size becomes. */
  bytesMax(contentBytes: number): number
  /**
   * Writes the payload, and then the first `checkBytes` of `check`, into `into` at `at`. Returns the position after the last
   * byte.
   */
  write(
    payload: Uint8Array,
    check: Uint8Array,
    checkBytes: number,
    into: Uint8Array,
    at: number,
  ): number
  /**
   * The content between `from` and `to`; a view if nothing in it is escaped.
   * @throws CommloopError CML_ERR_FRAME_INVALID for an escape without a meaning
   */
  read(bytes: Uint8Array, from: number, to: number): Uint8Array
  /** Whether an end can stand in content that was written with this escape. */
  hides(end: Uint8Array): boolean
}

/** A byte that has a meaning, and what follows the lead in its place. */
export interface EscapePair {
  readonly byte: number
  readonly as: number
}

const ABSENT = -1

/**
 * A lead byte and a second byte stand for each byte that has a meaning.
 *
 *     SLIP   c0 → db dc, db → db dd        HDLC, JT/T 808   7e and 7d behind 7d        DLE   10 → 10 10
 */
export class PairEscape implements Escape {
  readonly #lead: number
  /** Indexed by a byte: what follows the lead in its place. */
  readonly #written = new Int16Array(256).fill(ABSENT)
  /** Indexed by what follows the lead: the byte that is meant. */
  readonly #meant: Int16Array

  /** @param others what is meant by other bytes behind the lead; undefined: they have no meaning */
  constructor(
    lead: number,
    pairs: readonly EscapePair[],
    others?: (second: number) => number | undefined,
  ) {
    this.#lead = lead
    this.#meant = Int16Array.from({ length: 256 }, (_, second) => others?.(second) ?? ABSENT)
    for (const { byte, as } of pairs) {
      this.#written[byte] = as
      this.#meant[as] = byte
    }
  }

  bytesMax(contentBytes: number): number {
    return 2 * contentBytes
  }

  write(
    payload: Uint8Array,
    check: Uint8Array,
    checkBytes: number,
    into: Uint8Array,
    at: number,
  ): number {
    return this.#stuff(check, checkBytes, into, this.#stuff(payload, payload.length, into, at))
  }

  #stuff(bytes: Uint8Array, count: number, into: Uint8Array, at: number): number {
    const written = this.#written
    let to = at
    for (let from = 0; from < count; from++) {
      const byte = bytes[from] ?? 0
      const second = written[byte] ?? ABSENT
      if (second === ABSENT) {
        into[to++] = byte
      } else {
        into[to++] = this.#lead
        into[to++] = second
      }
    }
    return to
  }

  read(bytes: Uint8Array, from: number, to: number): Uint8Array {
    const raw = viewOf(bytes, from, to)
    const first = raw.indexOf(this.#lead)
    return first < 0 ? raw : this.#unstuffed(raw, first)
  }

  #unstuffed(raw: Uint8Array, first: number): Uint8Array {
    const content = new Uint8Array(raw.length)
    content.set(viewOf(raw, 0, first))
    let to = first
    for (let at = first; at < raw.length; at++) {
      let byte = raw[at] ?? 0
      if (byte === this.#lead) {
        byte = this.#meant[raw[++at] ?? this.#lead] ?? ABSENT
        if (at === raw.length || byte === ABSENT) throw meaningless(raw, at - 1)
      }
      content[to++] = byte
    }
    return viewOf(content, 0, to)
  }

  hides(end: Uint8Array): boolean {
    return end.some((byte) => byte !== this.#lead && this.#written[byte] !== ABSENT)
  }
}

const DIGITS = Array.from('0123456789ABCDEF')

/** Each byte as two hexadecimal digits, upper case; either case is read. Modbus ASCII. */
export class HexEscape implements Escape {
  readonly #digits = Uint8Array.from(DIGITS.map((digit) => digit.charCodeAt(0)))
  readonly #values = new Int16Array(256).fill(ABSENT)

  constructor() {
    for (const [value, digit] of DIGITS.entries()) {
      this.#values[digit.charCodeAt(0)] = value
      this.#values[digit.toLowerCase().charCodeAt(0)] = value
    }
  }

  bytesMax(contentBytes: number): number {
    return 2 * contentBytes
  }

  write(
    payload: Uint8Array,
    check: Uint8Array,
    checkBytes: number,
    into: Uint8Array,
    at: number,
  ): number {
    return this.#spell(check, checkBytes, into, this.#spell(payload, payload.length, into, at))
  }

  #spell(bytes: Uint8Array, count: number, into: Uint8Array, at: number): number {
    const digits = this.#digits
    for (let from = 0; from < count; from++) {
      const byte = bytes[from] ?? 0
      into[at + 2 * from] = digits[byte >>> 4] ?? 0
      into[at + 2 * from + 1] = digits[byte & 15] ?? 0
    }
    return at + 2 * count
  }

  read(bytes: Uint8Array, from: number, to: number): Uint8Array {
    const content = new Uint8Array(Math.ceil((to - from) / 2))
    for (let at = from; at < to; at += 2) {
      const high = this.#values[bytes[at] ?? 0] ?? ABSENT
      const low = at + 1 < to ? (this.#values[bytes[at + 1] ?? 0] ?? ABSENT) : ABSENT
      if (high === ABSENT || low === ABSENT) {
        const found = bytesText(bytes.subarray(at, Math.min(at + 2, to)))
        const text = `${found} at byte ${String(at - from)} of a frame, expected two hexadecimal digits`
        throw new CommloopError('CML_ERR_FRAME_INVALID', text)
      }
      content[(at - from) / 2] = high * 16 + low
    }
    return content
  }

  hides(end: Uint8Array): boolean {
    return end.some((byte) => this.#values[byte] === ABSENT)
  }
}

/** The most bytes of a group without a zero. */
const GROUP_BYTES_MAX = 254

/**
 * Consistent overhead byte stuffing: every group of bytes begins with its size, in place of the zero behind it.
 *
 *     11 22 00 33   →   03 11 22 02 33        a group of 254 bytes without a zero begins with ff
 */
export class CobsEscape implements Escape {
  bytesMax(contentBytes: number): number {
    return contentBytes + Math.floor(contentBytes / GROUP_BYTES_MAX) + 1
  }

  write(
    payload: Uint8Array,
    check: Uint8Array,
    checkBytes: number,
    into: Uint8Array,
    at: number,
  ): number {
    const total = payload.length + checkBytes
    let sizeAt = at
    let to = at + 1
    for (let from = 0; from < total; from++) {
      const byte = (from < payload.length ? payload[from] : check[from - payload.length]) ?? 0
      if (byte !== 0) into[to++] = byte
      const isFull = to - sizeAt === GROUP_BYTES_MAX + 1
      if (byte !== 0 && !(isFull && from + 1 < total)) continue
      into[sizeAt] = to - sizeAt
      sizeAt = to++
    }
    into[sizeAt] = to - sizeAt
    return to
  }

  read(bytes: Uint8Array, from: number, to: number): Uint8Array {
    const content = new Uint8Array(to - from)
    let written = 0
    for (let at = from; at < to;) {
      const size = bytes[at] ?? 0
      const behind = at + size
      if (size === 0 || behind > to) {
        const text = `a group of ${bytesText(bytes.subarray(at, at + 1))} at byte ${String(at - from)} of a frame, which has ${String(to - at)} more`
        throw new CommloopError('CML_ERR_FRAME_INVALID', text)
      }
      while (++at < behind) content[written++] = bytes[at] ?? 0
      if (size <= GROUP_BYTES_MAX && at < to) content[written++] = 0
    }
    return viewOf(content, 0, written)
  }

  hides(end: Uint8Array): boolean {
    return end.includes(0)
  }
}

function viewOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from)
}

function meaningless(raw: Uint8Array, at: number): CommloopError {
  const found = bytesText(raw.subarray(at, at + 2))
  const text = `${found} at byte ${String(at)} of a frame is an escape without a meaning`
  return new CommloopError('CML_ERR_FRAME_INVALID', text)
}
