import type { LengthFieldOptions } from '@commloop/codec-length-field'

/** How the bytes after a place in a stream begin, by a decoder that is obviously right and slow. */
export type NaiveFrame =
  | { readonly frameBytes: number; readonly payload: Buffer }
  | 'incomplete'
  | 'CML_ERR_FRAME_INVALID'
  | 'CML_ERR_FRAME_CHECKSUM'
  | 'CML_ERR_FRAME_TOO_LARGE'

/** One framing, as options of the codec and, written by hand, as the facts that a decoder needs. */
export interface NaiveFraming {
  readonly options: LengthFieldOptions
  readonly magic?: readonly (readonly [at: number, byte: number])[]
  /** Fewest bytes of a header. */
  readonly headerBytesMin: number
  /** The number in a header and its size; undefined: more bytes are needed; null: not a number. */
  readonly number: (bytes: Buffer) => { value: bigint; bytes: number } | null | undefined
  /** The size of a frame whose number has this value and takes so many bytes. */
  readonly frameBytes: (value: bigint, numberBytes: number) => bigint
  /** Bytes before the body, and behind it. */
  readonly before: (numberBytes: number) => number
  readonly behind: number
  /** What is wrong behind the body of a frame. */
  readonly tail?: (frame: Buffer) => 'CML_ERR_FRAME_INVALID' | 'CML_ERR_FRAME_CHECKSUM' | undefined
  /** The payload: without this many bytes in front and behind. */
  readonly front: (numberBytes: number) => number
  readonly back: number
  readonly payloadBytesMax: number
  readonly rejectsEmpty?: boolean
}

export function naiveFrame(framing: NaiveFraming, bytes: Buffer): NaiveFrame {
  const { magic = [], headerBytesMin, before, behind, front, back } = framing
  if (magic.some(([at, byte]) => at < bytes.length && bytes[at] !== byte)) {
    return 'CML_ERR_FRAME_INVALID'
  }
  if (bytes.length < headerBytesMin) return 'incomplete'
  const number = framing.number(bytes)
  if (number === undefined) return 'incomplete'
  if (number === null) return 'CML_ERR_FRAME_INVALID'
  const frameBytes = framing.frameBytes(number.value, number.bytes)
  const stripped = front(number.bytes) + back
  if (frameBytes - BigInt(stripped) > BigInt(framing.payloadBytesMax)) {
    return 'CML_ERR_FRAME_TOO_LARGE'
  }
  const bodyBytes = Number(frameBytes) - before(number.bytes) - behind
  if (bodyBytes < 0 || (bodyBytes === 0 && framing.rejectsEmpty === true)) {
    return 'CML_ERR_FRAME_INVALID'
  }
  if (BigInt(bytes.length) < frameBytes) return 'incomplete'
  const frame = bytes.subarray(0, Number(frameBytes))
  const fault = framing.tail?.(frame)
  if (fault !== undefined) return fault
  const payload = frame.subarray(front(number.bytes), frame.length - back)
  return { frameBytes: frame.length, payload }
}

const binary =
  (at: number, bytes: number, little = false): NaiveFraming['number'] =>
  (stream) => {
    const digits = [...stream.subarray(at, at + bytes)]
    const ordered = little ? digits.reverse() : digits
    return { value: BigInt(`0x${Buffer.from(ordered).toString('hex')}`), bytes }
  }

const matched =
  (at: number, bytes: number, pattern: RegExp, radix: number): NaiveFraming['number'] =>
  (stream) => {
    const text = stream.toString('latin1', at, at + bytes)
    return pattern.test(text) ? { value: BigInt(Number.parseInt(text.trim(), radix)), bytes } : null
  }

const NO_TAIL = { behind: 0, back: 0 }
const PLAIN = { ...NO_TAIL, payloadBytesMax: 70_000 }
const none = (): number => 0

/** A plain number of this size, and then the payload. */
function plain(
  length: LengthFieldOptions['length'],
  bytes: number,
  number: NaiveFraming['number'],
): NaiveFraming {
  const most = typeof length === 'number' && length < 3 ? 256 ** length - 1 : 9_999
  return {
    ...PLAIN,
    options: { length, maxPayload: most },
    payloadBytesMax: most,
    headerBytesMin: bytes,
    number,
    frameBytes: (value) => value + BigInt(bytes),
    before: () => bytes,
    front: () => bytes,
  }
}

const sumOf = (bytes: Buffer): number => bytes.reduce((sum, byte) => (sum + byte) & 0xff, 0)

/** The frames of meters: 68 L L 68 body sum 16. */
const TWICE: NaiveFraming = {
  options: {
    length: { bytes: 2, offset: 1, byteOrder: 'little', again: 3, shift: 2, low: 2 },
    header: 6,
    magic: [
      { at: 0, bytes: { hex: '68' } },
      { at: 5, bytes: { hex: '68' } },
    ],
    trailer: [{ checksum: 'sum-8', from: 6 }, { bytes: { hex: '16' } }],
    maxPayload: 4_000,
  },
  magic: [
    [0, 0x68],
    [5, 0x68],
  ],
  headerBytesMin: 6,
  number: (stream) => {
    const value = stream.readUInt16LE(1)
    return value % 4 === 2 && stream.readUInt16LE(3) === value
      ? { value: BigInt(value >> 2), bytes: 2 }
      : null
  },
  frameBytes: (value) => value + 8n,
  before: () => 6,
  behind: 2,
  tail: (frame) => {
    const body = frame.subarray(6, -2)
    if (frame.at(-2) !== sumOf(body)) return 'CML_ERR_FRAME_CHECKSUM'
    return frame.at(-1) === 0x16 ? undefined : 'CML_ERR_FRAME_INVALID'
  },
  front: () => 6,
  back: 2,
  payloadBytesMax: 4_000,
}

/** Framings of every encoding, and of every way to count. */
export const NAIVE_FRAMINGS: readonly NaiveFraming[] = [
  plain(1, 1, binary(0, 1)),
  plain(2, 2, binary(0, 2)),
  plain(3, 3, binary(0, 3)),
  plain(4, 4, binary(0, 4)),
  plain({ bytes: 4, byteOrder: 'little' }, 4, binary(0, 4, true)),
  plain({ bytes: 2, byteOrder: 'little' }, 2, binary(0, 2, true)),
  plain({ bytes: 6, byteOrder: 'little' }, 6, binary(0, 6, true)),
  plain(8, 8, binary(0, 8)),
  plain({ encoding: 'decimal', bytes: 4 }, 4, matched(0, 4, /^ *[0-9]+$/, 10)),
  plain({ encoding: 'decimal', bytes: 5, pad: ' ' }, 5, matched(0, 5, /^ *[0-9]+$/, 10)),
  plain({ encoding: 'hex', bytes: 4 }, 4, matched(0, 4, /^ *[0-9a-f]+$/i, 16)),
  plain({ encoding: 'bcd', bytes: 2 }, 2, (stream) => {
    const text = stream.toString('hex', 0, 2)
    return /^[0-9]+$/.test(text) ? { value: BigInt(text), bytes: 2 } : null
  }),
  {
    ...PLAIN,
    options: { length: { encoding: 'varint' }, maxPayload: 70_000 },
    headerBytesMin: 1,
    number: (stream) => {
      const last = stream.subarray(0, 5).findIndex((byte) => byte < 0x80)
      if (last === -1) return stream.length < 5 ? undefined : null
      const groups = [...stream.subarray(0, last + 1)].reverse().map((byte) => byte & 0x7f)
      return {
        value: groups.reduce((sum, group) => sum * 128n + BigInt(group), 0n),
        bytes: last + 1,
      }
    },
    frameBytes: (value, bytes) => value + BigInt(bytes),
    before: (bytes) => bytes,
    front: (bytes) => bytes,
  },
  {
    ...PLAIN,
    options: { length: { encoding: 'ber', offset: 1 }, keep: 'frame', maxPayload: 70_000 },
    headerBytesMin: 2,
    number: (stream) => {
      const first = stream[1] ?? 0
      if (first < 0x80) return { value: BigInt(first), bytes: 1 }
      const width = first & 0x7f
      if (width < 1 || width > 4) return null
      if (stream.length < 2 + width) return undefined
      return { value: BigInt(stream.readUIntBE(2, width)), bytes: 1 + width }
    },
    frameBytes: (value, bytes) => value + BigInt(1 + bytes),
    before: (bytes) => 1 + bytes,
    front: none,
  },
  {
    ...PLAIN,
    options: { length: { encoding: 'digits' }, trailer: [{ bytes: ',' }], maxPayload: 70_000 },
    headerBytesMin: 2,
    number: (stream) => {
      const text = stream.toString('latin1', 0, 10)
      const [all, digits = ''] = /^(0|[1-9][0-9]{0,8}):/.exec(text) ?? []
      if (all !== undefined) return { value: BigInt(digits), bytes: all.length }
      return text.length < 10 && /^(0|[1-9][0-9]{0,8})$/.test(text) ? undefined : null
    },
    frameBytes: (value, bytes) => value + BigInt(bytes) + 1n,
    before: (bytes) => bytes,
    behind: 1,
    tail: (frame) => (frame.at(-1) === 0x2c ? undefined : 'CML_ERR_FRAME_INVALID'),
    front: (bytes) => bytes,
    back: 1,
  },
  {
    ...PLAIN,
    options: {
      length: { encoding: 'decimal', bytes: 4 },
      counts: 'frame',
      header: 40,
      keep: 'header',
      emptyFrames: 'reject',
    },
    headerBytesMin: 40,
    number: matched(0, 4, /^ *[0-9]+$/, 10),
    frameBytes: (value) => value,
    before: () => 40,
    front: none,
    payloadBytesMax: 9_999,
    rejectsEmpty: true,
  },
  {
    ...PLAIN,
    options: { length: { bytes: 2, offset: 2 }, counts: 'frame', magic: { hex: '0300' } },
    magic: [
      [0, 3],
      [1, 0],
    ],
    headerBytesMin: 4,
    number: binary(2, 2),
    frameBytes: (value) => value,
    before: () => 4,
    front: () => 4,
    payloadBytesMax: 65_531,
  },
  {
    ...PLAIN,
    options: { length: 2, counts: 'rest', trailer: [{ bytes: { hex: '03' } }], maxPayload: 5_000 },
    headerBytesMin: 2,
    number: binary(0, 2),
    frameBytes: (value) => value + 2n,
    before: () => 2,
    behind: 1,
    tail: (frame) => (frame.at(-1) === 3 ? undefined : 'CML_ERR_FRAME_INVALID'),
    front: () => 2,
    back: 1,
    payloadBytesMax: 5_000,
  },
  {
    ...PLAIN,
    options: {
      length: { bytes: 3, offset: 1 },
      counts: 'itself',
      adjust: 5,
      keep: 'header',
      maxPayload: 900,
    },
    headerBytesMin: 4,
    number: binary(1, 3),
    frameBytes: (value) => value + 1n - 5n,
    before: () => 4,
    front: none,
    payloadBytesMax: 900,
  },
  {
    ...PLAIN,
    options: { length: { bytes: 4, mask: 0x0000ffff } },
    headerBytesMin: 4,
    number: (stream) => ({ value: BigInt(stream.readUInt32BE(0) % 65_536), bytes: 4 }),
    frameBytes: (value) => value + 4n,
    before: () => 4,
    front: () => 4,
    payloadBytesMax: 65_535,
  },
  TWICE,
  { ...TWICE, options: { ...TWICE.options, resync: 'hunt' } },
]
