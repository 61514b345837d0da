/** Segments after this one are not searched: MSA is the second segment of an acknowledgement. */
const SEGMENTS_MAX = 16
const CONTROL_ID = 10

/**
 * HL7 v2: the message control id (HL7 2.5, 2.9.2), for the codec `mllp`: MSA-2 of an acknowledgement, MSH-10 of any other
 * message. Use it as `key` of `node.request`.
 *
 * @returns undefined if the payload does not begin with a segment MSH, or has no control id
 */
export function hl7Key(payload: Uint8Array): string | undefined {
  const segments = textOf(payload).split('\r', SEGMENTS_MAX)
  const [header = ''] = segments
  if (!header.startsWith('MSH') || header.length < 8) return undefined
  const separator = header.charAt(3)
  const acknowledged = segments.find((segment) => segment.startsWith(`MSA${separator}`))
  // MSH-1 is the separator itself, so MSH-10 is the part with the number 9.
  const id =
    acknowledged === undefined
      ? header.split(separator)[CONTROL_ID - 1]
      : acknowledged.split(separator)[2]
  return id === undefined || id === '' ? undefined : id
}

/** Control ids are ASCII; other bytes of the message need not be UTF-8. */
function textOf(payload: Uint8Array): string {
  return new TextDecoder('latin1').decode(payload.subarray(0, KEY_BYTES_MAX))
}

/** The header and the acknowledgement stand at the beginning. */
const KEY_BYTES_MAX = 4_096
