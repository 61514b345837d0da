/** Bytes as a configuration writes them: a text, `{ hex: … }` or `{ base64: … }`. Programs may also give the bytes. */
export type ConfiguredBytes =
  string | { readonly hex: string } | { readonly base64: string } | Uint8Array

/** What messages say about the usual forms. */
export const BYTES_EXPECTED = 'a text, { hex: … } or { base64: … }'

const HEX = /^([0-9a-fA-F]{2})*$/

/** The bytes; undefined if the value is not one of the forms. */
export function configuredBytes(value: unknown): Uint8Array | undefined {
  if (typeof value === 'string') return new TextEncoder().encode(value)
  if (value instanceof Uint8Array) return value
  if (!isMap(value)) return undefined
  const [form, ...others] = Object.keys(value)
  if (others.length > 0) return undefined
  if (form === 'hex') return hexBytes(value['hex'])
  return form === 'base64' ? base64Bytes(value['base64']) : undefined
}

/** The bytes of pairs of hexadecimal digits, with blanks between the pairs; undefined for other texts. */
export function hexBytes(text: unknown): Uint8Array | undefined {
  const digits = typeof text === 'string' ? text.replaceAll(' ', '') : undefined
  if (digits === undefined || !HEX.test(digits)) return undefined
  const byteAt = (place: number): number =>
    Number.parseInt(digits.slice(2 * place, 2 * place + 2), 16)
  return Uint8Array.from({ length: digits.length / 2 }, (_, place) => byteAt(place))
}

function base64Bytes(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string' || text.length % 4 !== 0) return undefined
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}

/** Whether a value is a map of options. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
