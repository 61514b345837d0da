import type { PluginOptions } from '@commloop/core'
import { bytesText } from '../frame-tail.js'
import { configuredBytes, isMap } from '../configured-bytes.js'
import { lengthMap } from './frame-evidence.js'

/** Options that do not change what is on the wire. */
const LOCAL: ReadonlySet<string> = new Set(['keep', 'emptyFrames', 'resync', 'maxPayload'])
const DEFAULTS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['length.encoding', 'binary'],
  ['length.byteOrder', 'big'],
  ['length.offset', 0],
  ['length.shift', 0],
  ['length.low', 0],
  ['counts', 'body'],
  ['adjust', 0],
  ['escape', 'none'],
])

/** Options whose texts are words and not bytes. */
const WORDS: ReadonlySet<string> = new Set([
  'counts',
  'escape',
  'length.encoding',
  'length.byteOrder',
])

/**
 * The options on which both sides of a link must agree, each with its path: `length.byteOrder`. Options that have their
 * default, and values that are written differently, are the same here.
 */
export function wireOptions(options: PluginOptions): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(options)) {
    if (LOCAL.has(key) || value === undefined) continue
    const parts = key === 'length' ? lengthMap(value) : undefined
    if (parts === undefined) add(found, key, value)
    else for (const [inner, part] of Object.entries(parts)) add(found, `length.${inner}`, part)
  }
  return withSimplestCount(found)
}

/** `itself` and `frame` are the same at the beginning of a frame, and so are `rest` and `body` if nothing stands between. */
function withSimplestCount(found: Map<string, string>): ReadonlyMap<string, string> {
  const counts = found.get('counts')
  if (counts === '"itself"' && !found.has('length.offset')) found.set('counts', '"frame"')
  const isBody = !['header', 'trailer', 'length.again'].some((path) => found.has(path))
  if (counts === '"rest"' && isBody) found.delete('counts')
  return found
}

function add(found: Map<string, string>, path: string, value: unknown): void {
  if (value === undefined || DEFAULTS.get(path) === value) return
  found.set(path, JSON.stringify(WORDS.has(path) ? value : canonical(value)))
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value === 'string' || value instanceof Uint8Array || isBytes(value)) {
    const bytes = configuredBytes(value)
    return bytes === undefined ? value : bytesText(bytes)
  }
  if (!isMap(value)) return value
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(entries.map(([key, part]) => [key, canonical(part)]))
}

function isBytes(value: unknown): boolean {
  return isMap(value) && ('hex' in value || 'base64' in value)
}

/** Whether two configurations of one codec put the same frames on the wire. */
export function sameOnWire(one: PluginOptions, other: PluginOptions): boolean {
  return differingOptions(one, other).length === 0
}

/** The paths of the options in which two configurations of one codec differ on the wire. */
export function differingOptions(one: PluginOptions, other: PluginOptions): readonly string[] {
  const [left, right] = [wireOptions(one), wireOptions(other)]
  const paths = new Set([...left.keys(), ...right.keys()])
  return [...paths].filter((path) => left.get(path) !== right.get(path))
}
