import { sameBytes } from '../units/bytes.js'
import { durationMs, type Duration } from '../units/duration.js'
import type { Size } from '../units/size.js'
import type { ConfigProblem } from './config-problem.js'
import type { HeartbeatSettings } from './node-config.js'
import type {
  AddressesOptions,
  EchoOptions,
  HeartbeatOptions,
  LinkOptions,
  QueueLimits,
} from './node-options.js'
import { DURATION_WORDS, type OptionReader } from './option-reader.js'
import { parseSourcePlace, type SourcePlace } from './source-place.js'

type Path = ConfigProblem['path']

/**
 * Resolves one option, and reports what is wrong with it. An absent or wrong option is undefined: it has no default
 * here.
 */
type Resolve<Written, Value> = (
  reader: OptionReader,
  path: Path,
  written: Written | undefined,
) => Value | undefined

const MESSAGES_MAX = 2 ** 31 - 1

const asWritten = <Written>(_reader: OptionReader, _path: Path, written: Written): Written =>
  written

const duration: Resolve<Duration, number> = (reader, path, written) =>
  reader.optionalDuration(path, written)

/** How each link option is resolved. `link-settings.ts` resolves how they depend on each other. */
const RESOLVE = {
  bind: resolveBind,
  addresses: resolveAddresses,
  codec: asWritten<LinkOptions['codec']>,
  reconnect: asWritten<LinkOptions['reconnect']>,
  opening: asWritten<LinkOptions['opening']>,
  openTimeout: duration,
  outbox: resolveOutbox,
  highWaterMark: (reader, path, written) => reader.optionalSize(path, written),
  overflow: asWritten<LinkOptions['overflow']>,
  onLoss: asWritten<LinkOptions['onLoss']>,
  ttl: resolveTtl,
  heartbeat: resolveHeartbeat,
  silence: resolveSilence,
  stall: duration,
  unacknowledgedMax: duration,
  partialFrame: duration,
  halfClose: resolveHalfClose,
  heldFor: duration,
  linger: duration,
  connectTimeout: duration,
  ready: asWritten<LinkOptions['ready']>,
  readyTimeout: duration,
  probation: duration,
  stableAfter: duration,
  rearmAfter: duration,
  holdDown: duration,
} as const satisfies {
  readonly [Key in keyof Required<LinkOptions>]: Resolve<NonNullable<LinkOptions[Key]>, unknown>
}

export type LinkOptionKey = keyof typeof RESOLVE
export type ResolvedOption<Key extends LinkOptionKey> = ReturnType<(typeof RESOLVE)[Key]>

export const LINK_OPTION_KEYS = Object.keys(RESOLVE) as LinkOptionKey[]

/** Resolves one of the options. */
export function resolveOption<Key extends LinkOptionKey>(
  key: Key,
  reader: OptionReader,
  path: Path,
  options: LinkOptions,
): ResolvedOption<Key> {
  const resolve = RESOLVE[key] as Resolve<LinkOptions[Key], ResolvedOption<Key>>
  return resolve(reader, path, options[key]) as ResolvedOption<Key>
}

function resolveBind(
  reader: OptionReader,
  path: Path,
  written: string | undefined,
): SourcePlace | undefined {
  if (written === undefined) return undefined
  const place = parseSourcePlace(written)
  if (typeof place !== 'string') return place
  reader.problem(path, place)
  return undefined
}

function resolveAddresses(
  reader: OptionReader,
  path: Path,
  written: AddressesOptions | undefined,
): { readonly order: 'rotate' | 'prefer-first'; readonly failBackMs: number } | undefined {
  if (written === undefined) return undefined
  const { order = 'rotate', failBackAfter = 'off' } = written
  if (failBackAfter === 'off') return { order, failBackMs: 0 }
  const at = [...path, 'failBackAfter']
  if (order === 'rotate') {
    reader.problem(at, 'only "order: prefer-first" has a first address to go back to')
  }
  const words = `${DURATION_WORDS}, or "off"`
  return { order, failBackMs: reader.optionalDuration(at, failBackAfter, words) ?? 0 }
}

const OUTBOX_WORDS = 'a size such as 16MiB, or { messages, bytes }'

function resolveOutbox(
  reader: OptionReader,
  path: Path,
  written: Size | QueueLimits | undefined,
): { readonly bytesMax: number | undefined; readonly messagesMax: number | undefined } {
  if (typeof written !== 'object') {
    return { bytesMax: reader.optionalSize(path, written, OUTBOX_WORDS), messagesMax: undefined }
  }
  const range = { min: 1, max: MESSAGES_MAX }
  return {
    bytesMax: reader.optionalSize([...path, 'bytes'], written.bytes),
    messagesMax: reader.optionalInteger([...path, 'messages'], written.messages, range),
  }
}

function resolveTtl(reader: OptionReader, path: Path, written: LinkOptions['ttl']) {
  if (written === 'none') return Number.POSITIVE_INFINITY
  return reader.optionalDuration(path, written, `${DURATION_WORDS}, or "none"`)
}

const EVERY_WORDS = `${DURATION_WORDS}, and more than 0`

function resolveHeartbeat(
  reader: OptionReader,
  path: Path,
  written: HeartbeatOptions | EchoOptions | 'off' | undefined,
): HeartbeatSettings | undefined {
  if (written === undefined || written === 'off') return undefined
  if ('echo' in written) return resolveEcho(reader, path, written)
  // A file may lack it.
  const { every } = written as Partial<HeartbeatOptions>
  const everyMs = every === undefined ? undefined : durationMs(every)
  if (everyMs === undefined || everyMs === 0) {
    reader.unexpected([...path, 'every'], EVERY_WORDS, written.every)
    return undefined
  }
  const payload = bytesOf(written.payload ?? '')
  const answer = written.answer === undefined ? undefined : bytesOf(written.answer)
  if (answer !== undefined && sameBytes(payload, answer)) {
    // Two nodes that answer a frame with the same frame would never stop.
    reader.problem([...path, 'answer'], 'expected something other than the heartbeat payload')
  }
  return { everyMs, payload, answer, echo: false }
}

/** A link that echoes never begins, so two of them cannot keep each other busy. */
function resolveEcho(
  reader: OptionReader,
  path: Path,
  written: EchoOptions,
): HeartbeatSettings | undefined {
  const other = Object.keys(written).find((key) => key !== 'echo')
  if (other !== undefined) {
    const text =
      'an echo is never sent by itself and answers with itself: remove this key, or "echo"'
    reader.problem([...path, other], text)
    return undefined
  }
  return { everyMs: 0, payload: bytesOf(written.echo), answer: undefined, echo: true }
}

function resolveSilence(reader: OptionReader, path: Path, written: LinkOptions['silence']) {
  if (written === 'off') return 0
  return reader.optionalDuration(path, written, `${DURATION_WORDS}, or "off"`)
}

const HALF_CLOSE_WORDS = `${DURATION_WORDS}, or "close" or "serve"`

function resolveHalfClose(
  reader: OptionReader,
  path: Path,
  written: LinkOptions['halfClose'],
): 'close' | 'serve' | number | undefined {
  if (written === 'close' || written === 'serve') return written
  return reader.optionalDuration(path, written, HALF_CLOSE_WORDS)
}

const encoder = new TextEncoder()

function bytesOf(value: Uint8Array | string): Uint8Array {
  return typeof value === 'string' ? encoder.encode(value) : value
}
