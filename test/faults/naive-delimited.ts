import {
  checksum,
  configuredBytes,
  type ConfiguredBytes,
  type ChecksumForm,
} from '@commloop/framings'
import type { DelimitedOptions } from '@commloop/codec-delimited'

/** What a decoder makes of a whole stream. */
export interface Decoded {
  readonly payloads: readonly string[]
  /** The code of the error that ended it; `truncated`; undefined: it ended between two frames. */
  readonly end: string | undefined
}

const bytesOf = (value: ConfiguredBytes | undefined): number[] =>
  value === undefined ? [] : [...(configuredBytes(value) ?? [])]

const MEANT: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  slip: { 0xdc: 0xc0, 0xdd: 0xdb },
  jt808: { 0x02: 0x7e, 0x01: 0x7d },
}
const LEADS: Readonly<Record<string, number>> = { slip: 0xdb, jt808: 0x7d, hdlc: 0x7d }

class Invalid extends Error {}

/**
 * Decodes a whole stream in the simplest way, as a reference for the real decoder: no chunks, no views, no memory of what it
 * has seen. It stops at the first error.
 */
export function naivelyDecoded(options: DelimitedOptions, stream: Uint8Array): Decoded {
  const naive = new NaiveDecoder(options, [...stream])
  try {
    const end = naive.run() ? undefined : 'CML_ERR_FRAME_TRUNCATED'
    return { payloads: naive.payloads, end }
  } catch (error) {
    if (error instanceof Invalid) return { payloads: naive.payloads, end: error.message }
    throw error
  }
}

class NaiveDecoder {
  readonly payloads: string[] = []
  readonly #options: DelimitedOptions
  readonly #stream: readonly number[]
  readonly #start: readonly number[]
  readonly #ends: readonly (readonly number[])[]
  readonly #maxPayload: number
  #at = 0

  constructor(options: DelimitedOptions, stream: readonly number[]) {
    this.#options = options
    this.#stream = stream
    this.#start = bytesOf(options.start)
    const ends = Array.isArray(options.end)
      ? (options.end as ConfiguredBytes[])
      : [options.end as ConfiguredBytes]
    this.#ends = ends.map(bytesOf)
    this.#maxPayload = Number(options.maxPayload ?? 65_536)
  }

  get #shared(): boolean {
    return (
      this.#start.length === 1 &&
      this.#ends.some((end) => end.length === 1 && end[0] === this.#start[0])
    )
  }

  /** @returns whether the stream ended between two frames */
  run(): boolean {
    let flags = 0
    for (;;) {
      const singles = bytesOf(this.#options.singles)
      const preamble = bytesOf(this.#options.preamble)
      while (
        this.#at < this.#stream.length &&
        (preamble.includes(this.#byte()) || (flags > 1 && this.#byte() === this.#start[0]))
      ) {
        this.#at++
      }
      if (this.#at === this.#stream.length) return true
      if (singles.includes(this.#byte())) {
        this.payloads.push(hex([this.#byte()]))
        this.#at++
        flags = 0
        continue
      }
      let body = this.#at
      const begun = this.#stream.slice(this.#at, this.#at + this.#start.length)
      if (equal(begun, this.#start)) body += this.#start.length
      else if (equal(begun, this.#start.slice(0, begun.length))) return false
      else if (flags === 0) throw new Invalid('CML_ERR_FRAME_INVALID')
      const found = this.#end(body)
      if (found === undefined) return false
      if (found.at === body && (this.#shared || this.#options.escape === 'cobs')) {
        this.#at = found.behind
        flags = this.#shared ? 2 : 0
        continue
      }
      if (!this.#frame(body, found)) return false
      flags = this.#shared ? 1 : 0
    }
  }

  #byte(): number {
    return this.#stream[this.#at] ?? 0
  }

  /** The end whose last byte comes first, and of several the longest. */
  #end(body: number): { at: number; behind: number } | undefined {
    const longest = Math.max(...this.#ends.map((end) => end.length))
    for (let last = body; last < this.#stream.length; last++) {
      const fits = this.#ends.filter((end) => {
        const at = last + 1 - end.length
        if (at < body || !equal(this.#stream.slice(at, last + 1), end)) return false
        return this.#options.escape !== 'dle' || this.#isLead(body, at)
      })
      const length = Math.max(0, ...fits.map((end) => end.length))
      if (length > 0) return { at: last + 1 - length, behind: last + 1 }
      if (this.#options.escape === 'dle' && last > body && this.#isMeaningless(body, last)) {
        throw new Invalid('CML_ERR_FRAME_INVALID')
      }
      if (last + 1 - body - (longest - 1) > this.#bodyMax())
        throw new Invalid('CML_ERR_FRAME_TOO_LARGE')
    }
    return undefined
  }

  /** Whether the byte at this position is a lead, and not the second of two. */
  #isLead(body: number, at: number): boolean {
    const lead = this.#ends[0]?.[0]
    let before = 0
    while (at - 1 - before >= body && this.#stream[at - 1 - before] === lead) before++
    return this.#stream[at] === lead && before % 2 === 0
  }

  #isMeaningless(body: number, last: number): boolean {
    const lead = this.#ends[0]?.[0]
    return this.#isLead(body, last - 1) && this.#stream[last] !== lead
  }

  #bodyMax(): number {
    const { escape, check } = this.#options
    const mark = bytesOf(check?.mark).length
    const content = this.#maxPayload + (check === undefined ? 0 : mark + this.#checkBytes())
    if (escape === undefined || escape === 'none') return content
    return escape === 'cobs' ? content + Math.floor(content / 254) + 1 : 2 * content
  }

  #checkBytes(): number {
    const { check } = this.#options
    if (check === undefined) return 0
    return checksum(check.checksum).bytes * (isHex(check.as) ? 2 : 1)
  }

  /** @returns false if the stream ends within the frame */
  #frame(body: number, { at, behind }: { at: number; behind: number }): boolean {
    const after = this.#options.after ?? []
    const sizes = after.map((part) =>
      'bytes' in part
        ? bytesOf(part.bytes).length
        : checksum(part.checksum).bytes * (isHex(part.as) ? 2 : 1),
    )
    const whole = behind + sizes.reduce((sum, size) => sum + size, 0)
    if (at - body > this.#bodyMax()) throw new Invalid('CML_ERR_FRAME_TOO_LARGE')
    if (whole > this.#stream.length) return false
    let place = behind
    for (const [index, part] of after.entries()) {
      const found = this.#stream.slice(place, place + (sizes[index] ?? 0))
      if ('bytes' in part) {
        if (!equal(found, bytesOf(part.bytes))) throw new Invalid('CML_ERR_FRAME_INVALID')
      } else {
        const covered = Uint8Array.from(this.#stream.slice(this.#at + (part.from ?? 0), place))
        const value = checksum(part.checksum).of(covered, 0, covered.length)
        if (!sameCheck(found, value, part.as)) throw new Invalid('CML_ERR_FRAME_CHECKSUM')
      }
      place += sizes[index] ?? 0
    }
    const payload = this.#payload(this.#stream.slice(body, at))
    if (payload.length > this.#maxPayload) throw new Invalid('CML_ERR_FRAME_TOO_LARGE')
    const { emptyFrames } = this.#options
    if (payload.length === 0 && emptyFrames === 'reject') throw new Invalid('CML_ERR_FRAME_INVALID')
    if (payload.length > 0 || emptyFrames !== 'skip') this.payloads.push(hex(payload))
    this.#at = whole
    return true
  }

  #payload(raw: readonly number[]): readonly number[] {
    const content = this.#unescaped(raw)
    const { check } = this.#options
    if (check === undefined) return content
    const mark = bytesOf(check.mark)
    const size = content.length - mark.length - this.#checkBytes()
    if (size < 0) throw new Invalid('CML_ERR_FRAME_INVALID')
    const payload = content.slice(0, size)
    if (!equal(content.slice(size, size + mark.length), mark))
      throw new Invalid('CML_ERR_FRAME_INVALID')
    const value = checksum(check.checksum).of(Uint8Array.from(payload), 0, size)
    if (!sameCheck(content.slice(size + mark.length), value, check.as))
      throw new Invalid('CML_ERR_FRAME_CHECKSUM')
    return payload
  }

  #unescaped(raw: readonly number[]): readonly number[] {
    const { escape = 'none' } = this.#options
    const content: number[] = []
    if (escape === 'none' || typeof escape !== 'string') return raw
    if (escape === 'hex') {
      const text = String.fromCharCode(...raw)
      if (!/^([0-9a-f]{2})*$/i.test(text)) throw new Invalid('CML_ERR_FRAME_INVALID')
      return [...Buffer.from(text, 'hex')]
    }
    if (escape === 'cobs') return uncobbed(raw)
    if (escape === 'dle') {
      const lead = this.#ends[0]?.[0]
      for (let at = 0; at < raw.length; at++) content.push(raw[raw[at] === lead ? at++ : at] ?? 0)
      return content
    }
    for (let at = 0; at < raw.length; at++) {
      const byte = raw[at] ?? 0
      if (byte !== LEADS[escape]) {
        content.push(byte)
        continue
      }
      const second = raw[++at]
      const meant =
        second === undefined
          ? undefined
          : escape === 'hdlc'
            ? second ^ 0x20
            : MEANT[escape]?.[second]
      if (meant === undefined) throw new Invalid('CML_ERR_FRAME_INVALID')
      content.push(meant)
    }
    return content
  }
}

function uncobbed(raw: readonly number[]): number[] {
  const content: number[] = []
  let at = 0
  while (at < raw.length) {
    const size = raw[at] ?? 0
    if (size === 0 || at + size > raw.length) throw new Invalid('CML_ERR_FRAME_INVALID')
    content.push(...raw.slice(at + 1, at + size))
    at += size
    if (size < 255 && at < raw.length) content.push(0)
  }
  return content
}

function isHex(form: ChecksumForm | undefined): boolean {
  return form === 'hex' || form === 'HEX'
}

function sameCheck(found: readonly number[], value: number, form: ChecksumForm = 'big'): boolean {
  if (isHex(form)) {
    return (
      String.fromCharCode(...found).toLowerCase() === value.toString(16).padStart(found.length, '0')
    )
  }
  const read = form === 'little' ? [...found].reverse() : found
  return hex(read) === value.toString(16).padStart(2 * read.length, '0')
}

function equal(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at])
}

function hex(bytes: readonly number[]): string {
  return Buffer.from(bytes).toString('hex')
}
