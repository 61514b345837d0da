import { type Bytes, bytesText, hexText } from './written-bytes.js'

/** Which payloads an exchange expects. */
export class Pattern {
  readonly bytes: Uint8Array
  readonly isSecret: boolean
  /** As many bytes as `bytes`: only the bits that are set here are compared. undefined: all of them. */
  readonly mask: Uint8Array | undefined
  /** A payload may be longer than the pattern. */
  readonly isPrefix: boolean

  constructor({ bytes, isSecret }: Bytes, mask: Uint8Array | undefined, isPrefix: boolean) {
    this.bytes = bytes
    this.isSecret = isSecret
    this.mask = mask
    this.isPrefix = isPrefix
  }

  matches(payload: Uint8Array): boolean {
    const { bytes, mask } = this
    if (this.isPrefix ? payload.length < bytes.length : payload.length !== bytes.length)
      return false
    return bytes.every((byte, at) => (((payload[at] ?? 0) ^ byte) & (mask?.[at] ?? 0xff)) === 0)
  }

  /** For people. */
  get text(): string {
    if (this.isSecret) return 'a secret'
    const mask = this.mask === undefined ? '' : ` with the mask ${hexText(this.mask)}`
    return `${bytesText(this.bytes)}${mask}${this.isPrefix ? ' and any rest' : ''}`
  }
}

/** Several patterns for people: `11d0, or "OK" (4f4b)`. */
export function patternsText(patterns: readonly Pattern[]): string {
  return patterns.map(({ text }) => text).join(', or ')
}
