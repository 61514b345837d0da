import { sameBytes } from '../units/bytes.js'
import { durationText, timerMs } from '../units/duration.js'
import type { HeartbeatSettings, LinkSettings } from './node-config.js'
import type { HeartbeatOptions, LinkOptions, QueueLimits } from './node-options.js'
import type { Size } from '../units/size.js'
import { type OptionReader, found } from './option-reader.js'

const KIB = 1024
const MIB = 1024 * KIB

/** Defaults of what a link needs to know; the reasons are in `docs/configuration.md`. */
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
  /** Receive silence is this many heartbeats, where a heartbeat is set. */
  silenceHeartbeats: 3,
} as const

const MESSAGES_MAX = 2 ** 31 - 1

/** Settings of one entry's links: the entry's own options over those of the whole node, over the defaults. */
export function readLinkSettings(
  reader: OptionReader,
  options: LinkOptions,
  entryPath: readonly (string | number)[],
  ownKeys: ReadonlySet<string>,
  lasting: boolean,
): LinkSettings {
  // A mistake inherited from the top is reported there, once.
  const at = (key: string): (string | number)[] => (ownKeys.has(key) ? [...entryPath, key] : [key])
  const duration = (key: keyof LinkOptions & keyof DurationKeys, defaultMs: number): number =>
    reader.duration(at(key), options[key], defaultMs)
  const heartbeat = readHeartbeat(reader, at('heartbeat'), options.heartbeat)
  const outbox = readOutbox(reader, at('outbox'), options.outbox)
  return {
    lasting,
    codec: options.codec,
    reconnect: options.reconnect,
    // Not by spread: V8 would give each link's a shape of its own, and look them up anew for each message.
    outbox: {
      bytesMax: outbox.bytesMax,
      messagesMax: outbox.messagesMax,
      overflow: options.overflow ?? 'reject',
    },
    highWaterMarkBytes: readHighWaterMark(
      reader,
      at('highWaterMark'),
      options.highWaterMark,
      outbox.bytesMax,
    ),
    onLoss: options.onLoss ?? 'resend',
    ttlMs:
      options.ttl === undefined || options.ttl === 'none'
        ? Number.POSITIVE_INFINITY
        : reader.duration(at('ttl'), options.ttl, Number.POSITIVE_INFINITY),
    heartbeat,
    silenceMs: readSilence(reader, at('silence'), options.silence, heartbeat),
    stallMs: duration('stall', LINK_DEFAULTS.stallMs),
    partialFrameMs: duration('partialFrame', LINK_DEFAULTS.partialFrameMs),
    ...readHalfClose(reader, at('halfClose'), options.halfClose, lasting),
    lingerMs: duration('linger', LINK_DEFAULTS.lingerMs),
    connectTimeoutMs: duration('connectTimeout', LINK_DEFAULTS.connectTimeoutMs),
    probationMs: duration('probation', LINK_DEFAULTS.probationMs),
    stableAfterMs: duration('stableAfter', LINK_DEFAULTS.stableAfterMs),
    rearmAfterMs: duration('rearmAfter', LINK_DEFAULTS.rearmAfterMs),
    holdDownMs: duration('holdDown', LINK_DEFAULTS.holdDownMs),
  }
}

type DurationKeys = Pick<
  LinkOptions,
  | 'stall'
  | 'partialFrame'
  | 'linger'
  | 'connectTimeout'
  | 'probation'
  | 'stableAfter'
  | 'rearmAfter'
  | 'holdDown'
>

function readOutbox(
  reader: OptionReader,
  path: readonly (string | number)[],
  value: Size | QueueLimits | undefined,
): { bytesMax: number; messagesMax: number } {
  const limits: QueueLimits =
    typeof value === 'object' ? value : value === undefined ? {} : { bytes: value }
  const bytesPath = typeof value === 'object' ? [...path, 'bytes'] : path
  return {
    bytesMax: reader.size(bytesPath, limits.bytes, LINK_DEFAULTS.outboxBytes),
    messagesMax: reader.integer([...path, 'messages'], limits.messages, {
      min: 1,
      max: MESSAGES_MAX,
      default: LINK_DEFAULTS.outboxMessages,
    }),
  }
}

function readHighWaterMark(
  reader: OptionReader,
  path: readonly (string | number)[],
  value: Size | undefined,
  outboxBytesMax: number,
): number {
  const mark = reader.size(path, value, Math.min(LINK_DEFAULTS.highWaterMarkBytes, outboxBytesMax))
  if (mark > outboxBytesMax) {
    reader.problem(
      path,
      `expected at most the outbox's bytes, ${String(outboxBytesMax)}, found ${String(mark)}`,
    )
  }
  return mark
}

function readHeartbeat(
  reader: OptionReader,
  path: readonly (string | number)[],
  value: HeartbeatOptions | 'off' | undefined,
): HeartbeatSettings | undefined {
  if (value === undefined || value === 'off') return undefined
  const everyMs = reader.duration([...path, 'every'], value.every, 0)
  if (everyMs <= 0) {
    reader.problem([...path, 'every'], `expected more than 0 ms, found ${found(value.every)}`)
    return undefined
  }
  const payload = bytesOf(value.payload ?? '')
  const answer = value.answer === undefined ? undefined : bytesOf(value.answer)
  if (answer !== undefined && sameBytes(payload, answer)) {
    // Two nodes that answer a frame with the same frame never stop.
    reader.problem([...path, 'answer'], 'expected something else than the heartbeat payload')
  }
  return { everyMs, payload, answer }
}

function readSilence(
  reader: OptionReader,
  path: readonly (string | number)[],
  value: LinkOptions['silence'],
  heartbeat: HeartbeatSettings | undefined,
): number {
  if (value === 'off') return 0
  const silenceMs = reader.duration(
    path,
    value,
    timerMs((heartbeat?.everyMs ?? 0) * LINK_DEFAULTS.silenceHeartbeats),
  )
  if (heartbeat !== undefined && silenceMs > 0 && silenceMs <= heartbeat.everyMs) {
    reader.problem(
      path,
      `expected more than heartbeat.every, ${durationText(heartbeat.everyMs)}, found ${durationText(silenceMs)}`,
    )
  }
  return silenceMs
}

function readHalfClose(
  reader: OptionReader,
  path: readonly (string | number)[],
  value: LinkOptions['halfClose'],
  lasting: boolean,
): Pick<LinkSettings, 'halfClose' | 'halfCloseMs'> {
  // A restarting server sends FIN too, and the next write to it would be confirmed and lost; a client that only
  // asks (`dig`, `nc`) sends FIN and still wants its reply.
  const standard = lasting ? 'close' : 'serve'
  if (value === undefined || value === 'close' || value === 'serve') {
    return { halfClose: value ?? standard, halfCloseMs: LINK_DEFAULTS.halfCloseMs }
  }
  return {
    halfClose: 'serve',
    halfCloseMs: reader.duration(path, value, LINK_DEFAULTS.halfCloseMs),
  }
}

const encoder = new TextEncoder()

function bytesOf(value: Uint8Array | string): Uint8Array {
  return typeof value === 'string' ? encoder.encode(value) : value
}
