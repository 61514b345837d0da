import { durationText, timerMs } from '../units/duration.js'
import type { ConfigProblem } from './config-problem.js'
import { EntryLinkOptions, InheritedOptions } from './inherited-options.js'
import { LINK_OPTION_KEYS, type LinkOptionKey } from './link-option.js'
import type { HeartbeatSettings, LinkSettings, ReadyMode } from './node-config.js'
import type { LinkOptions } from './node-options.js'
import type { OptionReader } from './option-reader.js'
import type { SourcePlace } from './source-place.js'

const KIB = 1024
const MIB = 1024 * KIB

/** Defaults of link settings. `docs/configuration.md` gives the reasons. */
export const LINK_DEFAULTS = {
  outboxBytes: 16 * MIB,
  outboxMessages: 100_000,
  highWaterMarkBytes: MIB,
  stallMs: 30_000,
  unacknowledgedMs: 30_000,
  partialFrameMs: 10_000,
  halfCloseMs: 2_000,
  heldForMs: 300_000,
  lingerMs: 1_000,
  connectTimeoutMs: 10_000,
  openTimeoutMs: 10_000,
  readyTimeoutMs: 30_000,
  probationMs: 1_000,
  stableAfterMs: 5_000,
  rearmAfterMs: 300_000,
  holdDownMs: 30_000,
  /** If a heartbeat is set, `silence` defaults to this many heartbeats. */
  silenceHeartbeats: 3,
} as const

type Path = ConfigProblem['path']

/** The options from which `LinkSettings` are made. */
const SETTING_KEYS: readonly LinkOptionKey[] = LINK_OPTION_KEYS.filter((key) => key !== 'bind')

/** Resolves the link settings of all entries. Entries without link options of their own share one object. */
export class LinkSettingsReader {
  readonly #reader: OptionReader
  readonly #inherited: InheritedOptions
  /** Settings without any option of an entry, by `lasting`. */
  readonly #shared = new Map<boolean, LinkSettings>()

  /** @param top the link options of the whole node */
  constructor(reader: OptionReader, top: LinkOptions) {
    this.#reader = reader
    this.#inherited = new InheritedOptions(reader, top)
  }

  settings(entry: LinkOptions, path: Path, lasting: boolean): LinkSettings {
    if (SETTING_KEYS.some((key) => entry[key] !== undefined)) {
      return resolveSettings(this.#of(entry, path), lasting)
    }
    const shared = this.#shared.get(lasting) ?? resolveSettings(this.#of({}, path), lasting)
    this.#shared.set(lasting, shared)
    return shared
  }

  /** The source address and port of dials. */
  bind(entry: LinkOptions, path: Path): SourcePlace | undefined {
    return this.#of(entry, path).value('bind')
  }

  /** Reports mistakes at the top that no entry inherited. */
  checkRest(): void {
    this.#inherited.checkRest()
  }

  #of(entry: LinkOptions, path: Path): EntryLinkOptions {
    return new EntryLinkOptions(this.#reader, this.#inherited, entry, path)
  }
}

function resolveSettings(options: EntryLinkOptions, lasting: boolean): LinkSettings {
  const heartbeat = options.value('heartbeat')
  const outbox = options.value('outbox')
  const addresses = options.value('addresses')
  const opening = openingOf(options)
  const bytesMax = outbox.bytesMax ?? LINK_DEFAULTS.outboxBytes
  return {
    lasting,
    codec: options.value('codec'),
    reconnect: options.value('reconnect'),
    opening,
    openTimeoutMs: options.value('openTimeout') ?? LINK_DEFAULTS.openTimeoutMs,
    // Not by spread: V8 would give each object its own hidden class, and property access per message would be slow.
    outbox: {
      bytesMax,
      messagesMax: outbox.messagesMax ?? LINK_DEFAULTS.outboxMessages,
      overflow: options.value('overflow') ?? 'reject',
    },
    highWaterMarkBytes: highWaterMarkBytes(options, bytesMax),
    onLoss: options.value('onLoss') ?? 'resend',
    ttlMs: options.value('ttl') ?? Number.POSITIVE_INFINITY,
    heartbeat,
    silenceMs: silenceMs(options, heartbeat),
    stallMs: options.value('stall') ?? LINK_DEFAULTS.stallMs,
    unacknowledgedMs: options.value('unacknowledgedMax') ?? LINK_DEFAULTS.unacknowledgedMs,
    partialFrameMs: options.value('partialFrame') ?? LINK_DEFAULTS.partialFrameMs,
    ...halfClose(options, lasting),
    heldForMs: options.value('heldFor') ?? LINK_DEFAULTS.heldForMs,
    lingerMs: options.value('linger') ?? LINK_DEFAULTS.lingerMs,
    connectTimeoutMs: options.value('connectTimeout') ?? LINK_DEFAULTS.connectTimeoutMs,
    ready: readyMode(options, opening !== undefined),
    readyTimeoutMs: options.value('readyTimeout') ?? LINK_DEFAULTS.readyTimeoutMs,
    probationMs: options.value('probation') ?? LINK_DEFAULTS.probationMs,
    stableAfterMs: options.value('stableAfter') ?? LINK_DEFAULTS.stableAfterMs,
    rearmAfterMs: options.value('rearmAfter') ?? LINK_DEFAULTS.rearmAfterMs,
    holdDownMs: options.value('holdDown') ?? LINK_DEFAULTS.holdDownMs,
    addressOrder: addresses?.order ?? 'rotate',
    failBackMs: addresses?.failBackMs ?? 0,
  }
}

function openingOf(options: EntryLinkOptions): LinkSettings['opening'] {
  const opening = options.value('opening')
  return opening === 'none' ? undefined : opening
}

/** An opening knows better than anything else when messages may pass, so it decides in any case. */
function readyMode(options: EntryLinkOptions, hasOpening: boolean): ReadyMode {
  if (hasOpening) return 'opening'
  const ready = options.value('ready') ?? 'connected'
  if (ready === 'opening') {
    options.conflict('ready', 'there is no "opening" that could say when the link is up: set one')
  }
  return ready
}

function highWaterMarkBytes(options: EntryLinkOptions, outboxBytesMax: number): number {
  const mark =
    options.value('highWaterMark') ?? Math.min(LINK_DEFAULTS.highWaterMarkBytes, outboxBytesMax)
  if (mark > outboxBytesMax) {
    const expected = `at most the outbox's bytes, ${String(outboxBytesMax)}`
    options.conflict('highWaterMark', `expected ${expected}, found ${String(mark)}`)
  }
  return mark
}

function silenceMs(options: EntryLinkOptions, heartbeat: HeartbeatSettings | undefined): number {
  const ms =
    options.value('silence') ?? timerMs((heartbeat?.everyMs ?? 0) * LINK_DEFAULTS.silenceHeartbeats)
  if (heartbeat !== undefined && ms > 0 && ms <= heartbeat.everyMs) {
    const expected = `more than heartbeat.every, ${durationText(heartbeat.everyMs)}`
    options.conflict('silence', `expected ${expected}, found ${durationText(ms)}`)
  }
  return ms
}

function halfClose(
  options: EntryLinkOptions,
  lasting: boolean,
): Pick<LinkSettings, 'halfClose' | 'halfCloseMs'> {
  const written = options.value('halfClose')
  if (typeof written === 'number') return { halfClose: 'serve', halfCloseMs: written }
  // A server that restarts sends FIN, and the next write to it would be confirmed and lost. A client such as `dig` or
  // `nc` also sends FIN after its request, and still expects the reply.
  const byDefault = lasting ? 'close' : 'serve'
  return { halfClose: written ?? byDefault, halfCloseMs: LINK_DEFAULTS.halfCloseMs }
}
