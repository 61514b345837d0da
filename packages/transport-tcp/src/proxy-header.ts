import type { Address } from '@commloop/core'
import { isIPv4, isIPv6 } from 'node:net'

/*
 * The header of the PROXY protocol, versions 1 and 2 (HAProxy, "The PROXY protocol", 2020). A balancer sends it before the
 * stream of the peer, with the addresses of the peer's connection.
 *
 *     PROXY TCP4 203.0.113.7 10.0.0.1 40000 8000\r\n          version 1: a line of at most 107 bytes
 *
 *      0            12      13       14        16
 *     ┌────────────┬───────┬────────┬─────────┬───────────┬────────┐
 *     │ signature  │ 2 cmd │ family │ length  │ addresses │ TLVs … │  version 2; `length` counts addresses and TLVs
 *     └────────────┴───────┴────────┴─────────┴───────────┴────────┘
 */

/** The longest header of version 1. */
const V1_BYTES_MAX = 107
/** The longest header of version 2 that is accepted. 64 KiB would be allowed; addresses and usual TLVs need less. */
const V2_BYTES_MAX = 4096
const V2_HEAD_BYTES = 16
const V1_START = Buffer.from('PROXY ')
const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const CRC32C_TYPE = 0x03

export type ProxyHeader =
  /** More bytes are needed. */
  | { readonly kind: 'partial' }
  /** Not a header, or a malformed one. `problem` is one of a closed set of texts. */
  | { readonly kind: 'invalid'; readonly problem: string }
  /** The first `bytes` bytes are the header. `source`: the peer; undefined: the balancer speaks for itself. */
  | { readonly kind: 'header'; readonly bytes: number; readonly source: Address | undefined }

const PARTIAL: ProxyHeader = { kind: 'partial' }

/** Reads the header at the beginning of a stream. */
export function readProxyHeader(stream: Buffer): ProxyHeader {
  if (beginsAlike(stream, V2_SIGNATURE)) {
    return stream.length < V2_HEAD_BYTES ? PARTIAL : readV2(stream)
  }
  if (!beginsAlike(stream, V1_START)) return invalid('no header')
  const end = stream.indexOf('\r\n')
  if (end !== -1 && end + 2 <= V1_BYTES_MAX) return readV1(stream.toString('latin1', 0, end))
  return stream.length < V1_BYTES_MAX ? PARTIAL : invalid('header too long')
}

/** Whether the shorter of the two is the beginning of the longer. */
function beginsAlike(stream: Buffer, start: Buffer): boolean {
  const length = Math.min(stream.length, start.length)
  return stream.subarray(0, length).equals(start.subarray(0, length))
}

function readV1(line: string): ProxyHeader {
  const bytes = line.length + 2
  const [, family, source = '', target = '', sourcePort = '', targetPort = '', ...rest] =
    line.split(' ')
  if (family === 'UNKNOWN') return { kind: 'header', bytes, source: undefined }
  const isIp = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : undefined
  const addresses = isIp !== undefined && isIp(source) && isIp(target)
  if (!addresses || !isPort(sourcePort) || !isPort(targetPort) || rest.length > 0) {
    return invalid('malformed header')
  }
  return { kind: 'header', bytes, source: { ip: source, port: Number(sourcePort) } }
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535
}

function readV2(stream: Buffer): ProxyHeader {
  const command = stream.readUInt8(12)
  const family = stream.readUInt8(13)
  const bytes = V2_HEAD_BYTES + stream.readUInt16BE(14)
  if (command !== 0x20 && command !== 0x21) return invalid('malformed header')
  if (bytes > V2_BYTES_MAX) return invalid('header too long')
  if (stream.length < bytes) return PARTIAL
  const header = stream.subarray(0, bytes)
  // LOCAL, or a family without an address of the peer that this node knows.
  if (command === 0x20 || (family !== 0x11 && family !== 0x21)) {
    return { kind: 'header', bytes, source: undefined }
  }
  const ipBytes = family === 0x11 ? 4 : 16
  const portAt = V2_HEAD_BYTES + 2 * ipBytes
  if (bytes < portAt + 4 || !hasValidTlvs(header, portAt + 4)) return invalid('malformed header')
  const ip = ipText(header.subarray(V2_HEAD_BYTES, V2_HEAD_BYTES + ipBytes))
  return { kind: 'header', bytes, source: { ip, port: header.readUInt16BE(portAt) } }
}

function ipText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(2 * at).toString(16))
  return groups.join(':')
}

/** Whether the TLVs fill the rest of the header, and the checksum is right if there is one. Other types are ignored. */
function hasValidTlvs(header: Buffer, from: number): boolean {
  let at = from
  while (at < header.length) {
    if (at + 3 > header.length) return false
    const type = header.readUInt8(at)
    const length = header.readUInt16BE(at + 1)
    if (at + 3 + length > header.length) return false
    if (type === CRC32C_TYPE && !hasChecksum(header, at + 3, length)) return false
    at += 3 + length
  }
  return true
}

function hasChecksum(header: Buffer, at: number, length: number): boolean {
  if (length !== 4) return false
  const zeroed = Buffer.from(header)
  zeroed.fill(0, at, at + 4)
  return crc32c(zeroed) === header.readUInt32BE(at)
}

/** CRC-32C (RFC 3720, appendix B.4), bit by bit: a header is short. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0x82f6_3b78 & -(crc & 1))
  }
  return ~crc >>> 0
}

function invalid(problem: string): ProxyHeader {
  return { kind: 'invalid', problem }
}
