/** A payload as a configuration writes it. `secret` is a text that no message and no report shows. */
export type WrittenBytes =
  | string
  | Uint8Array
  | { readonly text: string }
  | { readonly hex: string }
  | { readonly base64: string }
  | { readonly secret: string }

/** A payload, and whether people may see it. */
export interface Bytes {
  readonly bytes: Uint8Array
  readonly isSecret: boolean
}

/** How messages describe the forms of a payload. */
export const BYTES_WORDS = 'a text, { hex: … }, { base64: … }, { text: … } or { secret: … }'
/** The keys of these forms. */
export const BYTES_KEYS = ['text', 'hex', 'base64', 'secret'] as const

/** Bytes of a payload that a message shows. */
const SHOWN_BYTES_MAX = 32

const HEX = /^([0-9a-fA-F]{2})*$/
/** RFC 4648 section 4, padded. */
const BASE64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

const encoder = new TextEncoder()

/** undefined: this is not one of the forms. Keys that belong to other options are passed over. */
export function bytesOf(written: unknown): Bytes | undefined {
  if (typeof written === 'string') return { bytes: encoder.encode(written), isSecret: false }
  if (written instanceof Uint8Array) return { bytes: Uint8Array.from(written), isSecret: false }
  if (typeof written !== 'object' || written === null) return undefined
  const forms = BYTES_KEYS.filter((key) => Object.hasOwn(written, key))
  const [form] = forms
  if (form === undefined || forms.length !== 1) return undefined
  const value = (written as Readonly<Record<string, unknown>>)[form]
  if (typeof value !== 'string') return undefined
  const bytes = decoded(form, value)
  return bytes === undefined ? undefined : { bytes, isSecret: form === 'secret' }
}

function decoded(form: (typeof BYTES_KEYS)[number], value: string): Uint8Array | undefined {
  if (form === 'hex') return hexBytes(value)
  if (form !== 'base64') return encoder.encode(value)
  if (!BASE64.test(value)) return undefined
  return Uint8Array.from(atob(value), (char) => char.charCodeAt(0))
}

/** undefined: the text does not consist of pairs of hexadecimal digits. */
export function hexBytes(text: string): Uint8Array | undefined {
  if (!HEX.test(text)) return undefined
  const pairs = text.match(/../g) ?? []
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16))
}

export function hexText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** A payload for people: `"OK" (4f4b)`, `0300… (32 of 90 bytes)`, `an empty frame`. */
export function bytesText(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'an empty frame'
  const shown = bytes.subarray(0, SHOWN_BYTES_MAX)
  const hex = hexText(shown)
  if (bytes.length > shown.length) {
    return `${hex}… (${String(shown.length)} of ${String(bytes.length)} bytes)`
  }
  const isText = shown.every((byte) => byte >= 0x20 && byte < 0x7f)
  return isText ? `"${String.fromCharCode(...shown)}" (${hex})` : hex
}
