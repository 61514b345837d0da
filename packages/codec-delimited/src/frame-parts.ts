import type { PluginOptions } from '@commloop/core'
import { bytesText, type FramePart, type TailPart } from '@commloop/framings'
import { type DelimitedSettings, delimitedSettings } from './delimited-options.js'

/**
 * The parts of a frame with these options, from its first byte to its last.
 * @throws CommloopError CML_ERR_CONFIG_INVALID for unknown or invalid options
 */
export function delimitedParts(options: PluginOptions): readonly FramePart[] {
  const settings = delimitedSettings(options)
  const { start, ends, after } = settings
  return [
    ...(start.length === 0 ? [] : [{ text: bytesText(start), at: 0 }]),
    { text: 'body', at: start.length },
    ...checkParts(settings),
    { text: ends.map(bytesText).join(' or ') },
    ...after.parts.map((part) => ({ text: afterText(part) })),
  ]
}

function checkParts({ check, checkMark }: DelimitedSettings): readonly FramePart[] {
  if (check === undefined) return []
  const mark = checkMark.length === 0 ? [] : [{ text: bytesText(checkMark) }]
  return [...mark, { text: `checksum of the body: ${byteCount(check.bytes)}` }]
}

function afterText(part: TailPart): string {
  if ('bytes' in part) return bytesText(part.bytes)
  return `checksum: ${byteCount(part.written.bytes)}, from byte ${String(part.from)} on`
}

function byteCount(bytes: number): string {
  return bytes === 1 ? '1 byte' : `${String(bytes)} bytes`
}
