import type { PluginOptions } from '@commloop/core'
import type { FramePart, TailPart } from '@commloop/framings'
import { fixedSettings } from './fixed-codec.js'
import { type LengthFieldSettings, lengthFieldSettings } from './length-field-settings.js'

/**
 * The parts of a frame with these options of the codec `length-field`, from its first byte to its last.
 * @throws CommloopError CML_ERR_CONFIG_INVALID for unknown or invalid options
 */
export function lengthFieldParts(options: PluginOptions): readonly FramePart[] {
  const settings = lengthFieldSettings(options)
  const body: FramePart = settings.varies
    ? { text: 'body' }
    : { text: 'body', at: settings.headerBytes }
  const tail = settings.tail.parts.map((part) => ({ text: tailText(part) }))
  return [...headerParts(settings), body, ...tail]
}

/** The only part of a frame of the codec `fixed`. */
export function fixedParts(options: PluginOptions): readonly FramePart[] {
  return [{ text: `payload of ${String(fixedSettings(options).bytes)} bytes`, at: 0 }]
}

function headerParts(settings: LengthFieldSettings): readonly FramePart[] {
  const { length, varies, headerBytes } = settings
  const width = length.number.bytesMax
  const parts: FramePart[] = []
  for (let at = 0; at < headerBytes || (varies && at === length.offset);) {
    const isLength = at === length.offset || at === length.again
    const bytes = isLength ? width : spanAt(settings, at)
    parts.push({ at, text: isLength ? `length: ${length.text}` : spanText(settings, at, bytes) })
    at += bytes
  }
  return parts
}

/** How many bytes from `at` on are constant, or are left to the sender. */
function spanAt({ length, magic, headerBytes }: LengthFieldSettings, at: number): number {
  const isMagic = (place: number): boolean => magic.some((byte) => byte.at === place)
  let end = at + 1
  while (
    end < headerBytes &&
    end !== length.offset &&
    end !== length.again &&
    isMagic(end) === isMagic(at)
  ) {
    end++
  }
  return end - at
}

function spanText({ magic }: LengthFieldSettings, at: number, bytes: number): string {
  const constant = magic.filter((byte) => byte.at >= at && byte.at < at + bytes)
  if (constant.length > 0) {
    const sorted = [...constant].sort((left, right) => left.at - right.at)
    return sorted.map(({ byte }) => hex(byte)).join(' ')
  }
  return bytes === 1 ? '1 byte' : `${String(bytes)} bytes`
}

function tailText(part: TailPart): string {
  if ('bytes' in part) return Array.from(part.bytes, hex).join(' ')
  const { written, from } = part
  const bytes = written.bytes === 1 ? 'byte' : 'bytes'
  return `checksum: ${String(written.bytes)} ${bytes}, from byte ${String(from)} on`
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
