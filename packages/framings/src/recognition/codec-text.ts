import type { PluginOptions } from '@commloop/core'
import { isMap } from '../configured-bytes.js'
import type { CodecSpec } from './candidate.js'

/** What a configuration contains for a codec: `mllp`, or `{ use: length-field, length: 4 }`. */
export function codecText({ use, options }: CodecSpec): string {
  return Object.keys(options).length === 0 ? use : flowText({ use, ...options })
}

/** The value of an option, in one line of YAML. */
export function flowText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowText).join(', ')}]`
  if (isMap(value)) {
    const members = Object.entries(value).map(([key, part]) => `${key}: ${flowText(part)}`)
    return `{ ${members.join(', ')} }`
  }
  // Digits in quotes are a text, and so is everything that YAML could read as something else.
  return typeof value === 'string' && /^[A-Za-z][\w-]*$/.test(value) ? value : JSON.stringify(value)
}

/** `byteOrder: little`, `length.byteOrder: little`; for an option that must go: `no "start"`. */
export function optionText(path: string, options: PluginOptions): string {
  const [key = '', inner] = path.split('.')
  const outer = options[key]
  const value =
    inner === undefined ? outer : isMap(outer) ? outer[inner] : plainLength(outer, inner)
  const written = value ?? STANDARD[path]
  return written === undefined ? `no "${path}"` : `${path}: ${flowText(written)}`
}

function plainLength(length: unknown, inner: string): unknown {
  return inner === 'bytes' ? length : undefined
}

const STANDARD: Readonly<Record<string, unknown>> = {
  'length.encoding': 'binary',
  'length.byteOrder': 'big',
  'length.offset': 0,
  counts: 'body',
  adjust: 0,
  escape: 'none',
}
