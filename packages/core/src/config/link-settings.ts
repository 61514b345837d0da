import { sameBytes } from '../units/bytes.js'
import { durationMs, durationText, timerMs } from '../units/duration.js'
import type { Size } from '../units/size.js'
import type { ConfigProblem } from './config-problem.js'
import { EntryLinkOptions, InheritedOptions } from './inherited-options.js'
import type { HeartbeatSettings, LinkSettings } from './node-config.js'
import type { HeartbeatOptions, LinkOptions, QueueLimits } from './node-options.js'
import { DURATION_WORDS, type OptionReader } from './option-reader.js'

const KIB = 1024
const MIB = 1024 * KIB

/** Defaults of link settings. `docs/configuration.md` gives the reasons. */
export const LINK_DEFAULTS = {
  outboxBytes: 16 * MIB,
  outboxMessages: 100_000,
  highWaterMarkBytes: MIB,
  stallMs: 30_000,
  partialFrameMs: 10_000,
  halfCloseMs: 2_000,
  lingerMs: 1_000,
  connectTimeoutMs: 10_000,
  probationMs: 1_000,
  stableAfterMs: 5_000,
  rearmAfterMs: 300_000,
  holdDownMs: 30_000,
  /** If a heartbeat is set, `silence` defaults to this many heartbeats. */
  silenceHeartbeats: 3,
} as const

const MESSAGES_MAX = 2 ** 31 - 1

type Path = ConfigProblem['path']

/** The options from which `LinkSettings` are made; a record, so that the compiler finds a missing one. */
const SETTING_OPTIONS: Readonly<Record<Exclude<keyof LinkOptions, 'bind'>, true>> = {
  codec: true,
  reconnect: true,
  outbox: true,
  highWaterMark: true,
  overflow: true,
  onLoss: true,
  ttl: true,
  heartbeat: true,
  silence: true,
  stall: true,
  partialFrame: true,
  halfClose: true,
  linger: true,
  connectTimeout: true,
  probation: true,
  stableAfter: true,
  rearmAfter: true,
  holdDown: true,
}
const SETTING_KEYS = Object.keys(SETTING_OPTIONS) as (keyof typeof SETTING_OPTIONS)[]

/** Resolves the link settings of all entries. Entries without link options of their own share one object. */
export class LinkSettingsReader {
  readonly #reader: OptionReader
  readonly #inherited: InheritedOptions
  /** Settings without any option of an entry, by `lasting`. */
  readonly #shared = new Map<boolean, LinkSettings>()

  /** @param top the link options of the whole node */
  constructor(reader: OptionReader, top: LinkOptions) {
    this.#reader = reader
    this.#inherited = new InheritedOptions(top)
  }

  settings(entry: LinkOptions, path: Path, lasting: boolean): LinkSettings {
    const isOwn = SETTING_KEYS.some((key) => entry[key] !== undefined)
    if (isOwn) return resolveSettings(this.#reader, this.#of(entry, path), lasting)
    const shared =
      this.#shared.get(lasting) ?? resolveSettings(this.#reader, this.#of({}, path), lasting)
    this.#shared.set(lasting, shared)
    return shared
  }

  /** The source address of dials. */
  bind<Value>(
    entry: LinkOptions,
    path: Path,
    resolve: (written: string | undefined, path: Path) => Value,
  ): Value {
    return this.#of(entry, path).value('bind', resolve)
  }

  #of(entry: LinkOptions, path: Path): EntryLinkOptions {
    return new EntryLinkOptions(this.#reader, this.#inherited, entry, path)
  }
}

function resolveSettings(
  reader: OptionReader,
  options: EntryLinkOptions,
  lasting: boolean,
): LinkSettings {
  const asWritten = <Value>(value: Value): Value => value
  const duration = (key: DurationKey, defaultMs: number): number =>
    options.value(key, (value, path) => reader.duration(path, value, defaultMs))
  const heartbeat = options.value('heartbeat', (value, path) => readHeartbeat(reader, path, value))
  const outbox = options.value('outbox', (value, path) => readOutbox(reader, path, value))
  return {
    lasting,
    codec: options.value('codec', asWritten),
    reconnect: options.value('reconnect', asWritten),
    // Not by spread: V8 would give each object its own hidden class, and property access per message would be slow.
    outbox: {
      bytesMax: outbox.bytesMax,
      messagesMax: outbox.messagesMax,
      overflow: options.value('overflow', asWritten) ?? 'reject',
    },
    highWaterMarkBytes: readHighWaterMark(reader, options, outbox.bytesMax),
    onLoss: options.value('onLoss', asWritten) ?? 'resend',
    ttlMs: options.value('ttl', (value, path) => readTtl(reader, path, value)),
    heartbeat,
    silenceMs: readSilence(reader, options, heartbeat),
    stallMs: duration('stall', LINK_DEFAULTS.stallMs),
    partialFrameMs: duration('partialFrame', LINK_DEFAULTS.partialFrameMs),
    ...readHalfClose(reader, options, lasting),
    lingerMs: duration('linger', LINK_DEFAULTS.lingerMs),
    connectTimeoutMs: duration('connectTimeout', LINK_DEFAULTS.connectTimeoutMs),
    probationMs: duration('probation', LINK_DEFAULTS.probationMs),
    stableAfterMs: duration('stableAfter', LINK_DEFAULTS.stableAfterMs),
    rearmAfterMs: duration('rearmAfter', LINK_DEFAULTS.rearmAfterMs),
    holdDownMs: duration('holdDown', LINK_DEFAULTS.holdDownMs),
  }
}

type DurationKey =
  | 'stall'
  | 'partialFrame'
  | 'linger'
  | 'connectTimeout'
  | 'probation'
  | 'stableAfter'
  | 'rearmAfter'
  | 'holdDown'

const OUTBOX_WORDS = 'a size such as 16MiB, or { messages, bytes }'

function readOutbox(
  reader: OptionReader,
  path: Path,
  value: Size | QueueLimits | undefined,
): { bytesMax: number; messagesMax: number } {
  const isLimits = typeof value === 'object'
  const limits: QueueLimits = isLimits ? value : value === undefined ? {} : { bytes: value }
  const bytesMax = isLimits
    ? reader.optionalSize([...path, 'bytes'], limits.bytes)
    : reader.optionalSize(path, limits.bytes, OUTBOX_WORDS)
  return {
    bytesMax: bytesMax ?? LINK_DEFAULTS.outboxBytes,
    messagesMax: reader.integer([...path, 'messages'], limits.messages, {
      min: 1,
      max: MESSAGES_MAX,
      default: LINK_DEFAULTS.outboxMessages,
    }),
  }
}

function readHighWaterMark(
  reader: OptionReader,
  options: EntryLinkOptions,
  outboxBytesMax: number,
): number {
  const written = options.value('highWaterMark', (value, path) => reader.optionalSize(path, value))
  const mark = written ?? Math.min(LINK_DEFAULTS.highWaterMarkBytes, outboxBytesMax)
  if (mark > outboxBytesMax) {
    const expected = `at most the outbox's bytes, ${String(outboxBytesMax)}`
    options.conflict('highWaterMark', `expected ${expected}, found ${String(mark)}`)
  }
  return mark
}

function readTtl(reader: OptionReader, path: Path, value: LinkOptions['ttl']): number {
  const ttlMs =
    value === 'none'
      ? undefined
      : reader.optionalDuration(path, value, `${DURATION_WORDS}, or "none"`)
  return ttlMs ?? Number.POSITIVE_INFINITY
}

const EVERY_WORDS = `${DURATION_WORDS}, and more than 0`

function readHeartbeat(
  reader: OptionReader,
  path: Path,
  value: HeartbeatOptions | 'off' | undefined,
): HeartbeatSettings | undefined {
  if (value === undefined || value === 'off') return undefined
  const everyPath = [...path, 'every']
  const everyMs = durationMs(value.every)
  if (everyMs === undefined || everyMs === 0) {
    reader.unexpected(everyPath, EVERY_WORDS, value.every)
    return undefined
  }
  const payload = bytesOf(value.payload ?? '')
  const answer = value.answer === undefined ? undefined : bytesOf(value.answer)
  if (answer !== undefined && sameBytes(payload, answer)) {
    // Two nodes that answer a frame with the same frame would never stop.
    reader.problem([...path, 'answer'], 'expected something other than the heartbeat payload')
  }
  return { everyMs, payload, answer }
}

function readSilence(
  reader: OptionReader,
  options: EntryLinkOptions,
  heartbeat: HeartbeatSettings | undefined,
): number {
  const written = options.value('silence', (value, path) =>
    value === 'off' ? 0 : reader.optionalDuration(path, value, `${DURATION_WORDS}, or "off"`),
  )
  const silenceMs = written ?? timerMs((heartbeat?.everyMs ?? 0) * LINK_DEFAULTS.silenceHeartbeats)
  if (heartbeat !== undefined && silenceMs > 0 && silenceMs <= heartbeat.everyMs) {
    const expected = `more than heartbeat.every, ${durationText(heartbeat.everyMs)}`
    options.conflict('silence', `expected ${expected}, found ${durationText(silenceMs)}`)
  }
  return silenceMs
}

const HALF_CLOSE_WORDS = `${DURATION_WORDS}, or "close" or "serve"`

function readHalfClose(
  reader: OptionReader,
  options: EntryLinkOptions,
  lasting: boolean,
): Pick<LinkSettings, 'halfClose' | 'halfCloseMs'> {
  const written = options.value('halfClose', (value, path) =>
    value === 'close' || value === 'serve'
      ? value
      : reader.optionalDuration(path, value, HALF_CLOSE_WORDS),
  )
  if (typeof written === 'number') return { halfClose: 'serve', halfCloseMs: written }
  // A restarting server sends FIN too, and the next write to it would be confirmed and lost; a client that only
  // asks (`dig`, `nc`) sends FIN and still expects its reply.
  const byDefault = lasting ? 'close' : 'serve'
  return { halfClose: written ?? byDefault, halfCloseMs: LINK_DEFAULTS.halfCloseMs }
}

const encoder = new TextEncoder()

function bytesOf(value: Uint8Array | string): Uint8Array {
  return typeof value === 'string' ? encoder.encode(value) : value
}
