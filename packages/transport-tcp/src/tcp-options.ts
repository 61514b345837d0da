import {
  type Duration,
  durationMs,
  optionsError,
  PluginOptionReader,
  unknownOptionText,
} from '@commloop/core'
import { type Direction, type TlsSettings, tlsSettings } from './tls-options.js'

/** Options that all connections and listeners of a transport share. */
export interface TcpOptions {
  /**
   * How long a connection may be idle before the kernel probes whether the peer still exists, 1 s to 32 767 s (the limit of
   * Linux), or `off`. Default 30 s. The kernel then sends up to 10 probes, one per second (tcp(7), `TCP_KEEPINTVL`). This
   * does not detect a peer that disappears with data in flight: `unacknowledgedMax` and heartbeats do.
   */
  readonly keepAlive?: Duration
  /** Send small writes immediately instead of collecting them (`TCP_NODELAY`). Default true. */
  readonly noDelay?: boolean
  /** How many connections may wait in the kernel to be accepted (listen(2)), 1 to 65 535. Default 511. */
  readonly backlog?: number
  /**
   * The most unfinished TLS handshakes of a listener, 1 to 65 535. Default 64. Without a limit, a peer could start
   * handshakes, finish none, and use up memory and processor time. If they are used up, a connection of another address
   * takes the place of the oldest handshake of the address that has most; further connections are reset.
   */
  readonly handshakes?: number
}

/** `TcpOptions`, validated, with defaults. */
export interface TcpSettings {
  /** Milliseconds, whole seconds; 0: off. */
  readonly keepAliveMs: number
  readonly noDelay: boolean
  readonly backlog: number
  readonly handshakesMax: number
}

const KEEP_ALIVE_MS = 30_000
const KEEP_ALIVE_MS_MIN = 1000
/** The kernel rejects more, and Node ignores that error. */
const KEEP_ALIVE_MS_MAX = 32_767_000
const BACKLOG = 511
const HANDSHAKES = 64
const COUNT_MAX = 65_535

/** Options of the whole transport. */
export const TCP_OPTIONS: readonly string[] = ['keepAlive', 'noDelay', 'backlog', 'handshakes']
/** Options of a single dial or listener. */
export const CONNECTION_OPTIONS: readonly string[] = ['tls']
/** Options of a single listener. */
export const LISTENER_OPTIONS: readonly string[] = [...CONNECTION_OPTIONS, 'proxyProtocol']

/**
 * Validates options of any type, because they may come from a configuration file.
 * @throws CommloopError CML_ERR_CONFIG_INVALID with every wrong option, what was expected and what was found.
 */
export function tcpSettings(options: Readonly<Record<string, unknown>>): TcpSettings {
  const reader = new PluginOptionReader('transport tcp', options, TCP_OPTIONS)
  const settings = {
    keepAliveMs: reader.read('keepAlive', KEEP_ALIVE_MS, KEEP_ALIVE_WORDS, asKeepAliveMs),
    noDelay: reader.read('noDelay', true, 'true or false', asFlag),
    backlog: reader.read('backlog', BACKLOG, COUNT_WORDS, asCount),
    handshakesMax: reader.read('handshakes', HANDSHAKES, COUNT_WORDS, asCount),
  }
  reader.throwRejected()
  return settings
}

/**
 * Reads `tls` among the options of a single dial or listener. A listener may also have `proxyProtocol`. undefined: plain
 * TCP.
 * @throws CommloopError CML_ERR_CONFIG_INVALID with every problem.
 */
export function tlsFor(
  direction: Direction,
  options: Readonly<Record<string, unknown>>,
): TlsSettings | undefined {
  const known = direction === 'listen' ? LISTENER_OPTIONS : CONNECTION_OPTIONS
  const unknown = Object.keys(options).filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    const plugin = `transport tcp, ${direction}`
    throw optionsError(
      unknown.map((option) => {
        return { plugin, option, problem: unknownConnectionOption(option), unknown: true }
      }),
    )
  }
  return options['tls'] === undefined ? undefined : tlsSettings(direction, options['tls'])
}

/** What is wrong with an option that a single dial or listener does not have. */
export function unknownConnectionOption(
  option: string,
  known: readonly string[] = CONNECTION_OPTIONS,
): string {
  const shared = TCP_OPTIONS.includes(option)
  if (shared) return `belongs to the whole transport: transport: { use: tcp, ${option}: … }`
  return unknownOptionText(option, known)
}

const KEEP_ALIVE_WORDS = "a duration of 1s to 32767s, or 'off'"
const COUNT_WORDS = `a whole number of 1 to ${String(COUNT_MAX)}`

function asKeepAliveMs(value: unknown): number | undefined {
  if (value === 'off') return 0
  const ms = typeof value === 'number' || typeof value === 'string' ? durationMs(value) : undefined
  const usable = ms !== undefined && ms >= KEEP_ALIVE_MS_MIN && ms <= KEEP_ALIVE_MS_MAX
  return usable ? ms : undefined
}

function asFlag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}

function asCount(value: unknown): number | undefined {
  const usable = typeof value === 'number' && Number.isInteger(value)
  return usable && value >= 1 && value <= COUNT_MAX ? value : undefined
}
