import {
  type CommloopError,
  describeValue,
  type Duration,
  durationMs,
  optionError,
} from '@commloop/core'
import { type Direction, type TlsSettings, tlsSettings } from './tls-options.js'

/** Options that all connections and listeners of a transport share. */
export interface TcpOptions {
  /**
   * How long a connection may be idle before the kernel probes whether the peer still exists, 1 s to 32 767 s (the limit of
   * Linux), or `off`. Default 30 s. The kernel then sends up to 10 probes, one per second (tcp(7), `TCP_KEEPINTVL`). This
   * does not detect a peer that disappears with data in flight: use a heartbeat or the write stall limit for that.
   */
  readonly keepAlive?: Duration
  /** Send small writes immediately instead of collecting them (`TCP_NODELAY`). Default true. */
  readonly noDelay?: boolean
  /** How many connections may wait in the kernel to be accepted (listen(2)), 1 to 65 535. Default 511. */
  readonly backlog?: number
  /**
   * The most unfinished TLS handshakes of a listener, 1 to 65 535; further connections are reset. Default 64. Without a
   * limit, a peer could start handshakes, finish none, and use up memory and processor time.
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
const KNOWN = ['keepAlive', 'noDelay', 'backlog', 'handshakes']

/**
 * Validates options of any type, because they may come from a configuration file.
 * @throws CommloopError CML_ERR_CONFIG_INVALID with the option, what was expected and what was found.
 */
export function tcpSettings(options: Readonly<Record<string, unknown>>): TcpSettings {
  for (const [name, value] of Object.entries(options)) {
    if (KNOWN.includes(name)) continue
    throw unknown('', name, `expected one of the options ${KNOWN.join(', ')}`, value)
  }
  return {
    keepAliveMs: keepAliveMs(options['keepAlive']),
    noDelay: noDelay(options['noDelay']),
    backlog: count('backlog', options['backlog'], BACKLOG),
    handshakesMax: count('handshakes', options['handshakes'], HANDSHAKES),
  }
}

/**
 * Reads the options of a single dial or listener. The only one is `tls`. undefined: plain TCP.
 * @throws CommloopError CML_ERR_CONFIG_INVALID with every problem.
 */
export function tlsFor(
  direction: Direction,
  options: Readonly<Record<string, unknown>>,
): TlsSettings | undefined {
  for (const [name, value] of Object.entries(options)) {
    if (name !== 'tls') throw unknown(`, ${direction}`, name, 'expected no such option', value)
  }
  return options['tls'] === undefined ? undefined : tlsSettings(direction, options['tls'])
}

function keepAliveMs(value: unknown): number {
  if (value === undefined) return KEEP_ALIVE_MS
  if (value === 'off') return 0
  const ms = typeof value === 'number' || typeof value === 'string' ? durationMs(value) : undefined
  if (ms !== undefined && ms >= KEEP_ALIVE_MS_MIN && ms <= KEEP_ALIVE_MS_MAX) return ms
  throw invalid('', 'keepAlive', "a duration of 1s to 32767s, or 'off'", value)
}

function noDelay(value: unknown): boolean {
  if (value === undefined) return true
  if (typeof value === 'boolean') return value
  throw invalid('', 'noDelay', 'true or false', value)
}

function count(name: string, value: unknown, byDefault: number): number {
  if (value === undefined) return byDefault
  const usable = typeof value === 'number' && Number.isInteger(value)
  if (usable && value >= 1 && value <= COUNT_MAX) return value
  throw invalid('', name, `a whole number of 1 to ${String(COUNT_MAX)}`, value)
}

function invalid(where: string, option: string, expected: string, found: unknown): CommloopError {
  const problem = `expected ${expected}, found ${describeValue(found)}`
  return optionError({ plugin: `transport tcp${where}`, option, problem })
}

function unknown(where: string, option: string, expected: string, found: unknown): CommloopError {
  const problem = `${expected}, found ${describeValue(found)}`
  return optionError({ plugin: `transport tcp${where}`, option, problem, unknown: true })
}
