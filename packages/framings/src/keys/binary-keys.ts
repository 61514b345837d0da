/*
 * What a request and its answer have in common, for `key` of `node.request`. Each function gets a whole payload and
 * returns undefined if it finds no key.
 */

/**
 * Modbus TCP: the transaction identifier (Modbus Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3), for the codec
 * `modbus-tcp`, whose payload begins with the header.
 */
export function mbapKey(payload: Uint8Array): number | undefined {
  const [high, low] = payload
  return high === undefined || low === undefined ? undefined : high * 256 + low
}

const SMPP_HEADER_BYTES = 16
/** The highest bit of the command id says that a PDU is a response. */
const SMPP_RESPONSE = 0x8000_0000

/**
 * SMPP: command and sequence number (SMPP 3.4, 3.2), for the codec `smpp`, whose payload begins with the header. The
 * command is part of the key, because both sides count their own requests: a `deliver_sm` with the same number is not the
 * answer to a `submit_sm`. A `generic_nack` has no command of a request, so the request waits for its timeout.
 */
export function smppKey(payload: Uint8Array): string | undefined {
  if (payload.length < SMPP_HEADER_BYTES) return undefined
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const command = view.getUint32(4) % SMPP_RESPONSE
  return `${command.toString(16)} ${String(view.getUint32(12))}`
}
