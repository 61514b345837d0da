import { Crc, type CrcModel, crcTable } from './crc.js'

/** A checksum over a range of bytes. It holds no state and allocates nothing. */
export interface Checksum {
  /** Size of the result. */
  readonly bytes: 1 | 2 | 4
  /** The checksum of the bytes from `from` up to, but not including, `to`, as an unsigned number. */
  of(bytes: Uint8Array, from: number, to: number): number
}

const MODBUS: CrcModel = {
  width: 16,
  poly: 0x8005,
  init: 0xffff,
  reflected: true,
  xorOut: 0,
}

const CRC_MODELS = {
  'crc-8/smbus': { width: 8, poly: 0x07, init: 0, reflected: false, xorOut: 0 },
  'crc-8/maxim-dow': { width: 8, poly: 0x31, init: 0, reflected: true, xorOut: 0 },
  'crc-16/arc': { ...MODBUS, init: 0 },
  'crc-16/modbus': MODBUS,
  'crc-16/xmodem': { width: 16, poly: 0x1021, init: 0, reflected: false, xorOut: 0 },
  'crc-16/ibm-3740': { width: 16, poly: 0x1021, init: 0xffff, reflected: false, xorOut: 0 },
  'crc-16/kermit': { width: 16, poly: 0x1021, init: 0, reflected: true, xorOut: 0 },
  'crc-16/ibm-sdlc': { width: 16, poly: 0x1021, init: 0xffff, reflected: true, xorOut: 0xffff },
  'crc-32/iso-hdlc': {
    width: 32,
    poly: 0x04c11db7,
    init: 0xffffffff,
    reflected: true,
    xorOut: 0xffffffff,
  },
} as const satisfies Readonly<Record<string, CrcModel>>

const SUMS = {
  'sum-8': { bytes: 1, of: (bytes, from, to) => sum(bytes, from, to) & 0xff },
  'sum-16': { bytes: 2, of: (bytes, from, to) => sum(bytes, from, to) & 0xffff },
  'lrc-8': { bytes: 1, of: (bytes, from, to) => -sum(bytes, from, to) & 0xff },
  'xor-8': { bytes: 1, of: exclusiveOr },
} as const satisfies Readonly<Record<string, Checksum>>

/** The name of a checksum: the CRCs as in the RevEng catalogue. */
export type ChecksumName = keyof typeof CRC_MODELS | keyof typeof SUMS | 'crc-16/hj212'

const MAKERS: Readonly<Record<ChecksumName, () => Checksum>> = {
  ...mapped(SUMS, (checksum) => () => checksum),
  ...mapped(CRC_MODELS, (model) => () => new Crc(model)),
  'crc-16/hj212': () => new Hj212Crc(),
}

const made = new Map<string, Checksum>()

export const CHECKSUM_NAMES = Object.keys(MAKERS) as readonly ChecksumName[]

/** The checksum with this name; undefined if there is none. The table of a CRC is made at the first call. */
export function checksum(name: ChecksumName): Checksum
export function checksum(name: string): Checksum | undefined
export function checksum(name: string): Checksum | undefined {
  const known = made.get(name)
  if (known !== undefined || !Object.hasOwn(MAKERS, name)) return known
  const fresh = MAKERS[name as ChecksumName]()
  made.set(name, fresh)
  return fresh
}

/**
 * The CRC of HJ 212-2017, annex A: that of Modbus, except that the low byte of the register is discarded before each byte is
 * added. It is not in the catalogue.
 */
class Hj212Crc implements Checksum {
  readonly bytes = 2
  readonly #table = crcTable(MODBUS)

  of(bytes: Uint8Array, from: number, to: number): number {
    const table = this.#table
    let crc = 0xffff
    for (let at = from; at < to; at++) crc = table[(crc >>> 8) ^ (bytes[at] ?? 0)] ?? 0
    return crc
  }
}

function sum(bytes: Uint8Array, from: number, to: number): number {
  let total = 0
  // The result has at most 16 bits, so the sum may wrap at 32.
  for (let at = from; at < to; at++) total = (total + (bytes[at] ?? 0)) | 0
  return total
}

function exclusiveOr(bytes: Uint8Array, from: number, to: number): number {
  let all = 0
  for (let at = from; at < to; at++) all ^= bytes[at] ?? 0
  return all
}

function mapped<Key extends string, From, To>(
  record: Readonly<Record<Key, From>>,
  change: (value: From) => To,
): Record<Key, To> {
  const entries = Object.entries<From>(record).map(([key, value]) => [key, change(value)])
  return Object.fromEntries(entries) as Record<Key, To>
}
