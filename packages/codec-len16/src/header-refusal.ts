import { CommloopError } from '@commloop/core'
import type { Len16Settings } from './len16-options.js'

/** The error for a header that is not allowed. `framingDiagnosis` says what the peer may speak instead. */
export function headerRefusal(
  first: number,
  second: number,
  length: number,
  settings: Len16Settings,
): CommloopError {
  const payloadBytes = length - settings.countedHeaderBytes
  const found = `length ${String(length)} (bytes ${hex(first)} ${hex(second)}${hint(first, second)})`
  if (payloadBytes > settings.payloadBytesMax) {
    const limit = String(settings.payloadBytesMax + settings.countedHeaderBytes)
    return new CommloopError('CML_ERR_FRAME_TOO_LARGE', `${found} is above the limit of ${limit}`)
  }
  const reason =
    payloadBytes < 0
      ? 'does not cover its own header'
      : 'announces an empty frame, which emptyFrames: reject forbids'
  return new CommloopError('CML_ERR_FRAME_INVALID', `${found} ${reason}`)
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}

function hint(first: number, second: number): string {
  if (!printable(first) || !printable(second)) return ''
  return `, the text "${String.fromCharCode(first, second)}"`
}

function printable(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f
}
