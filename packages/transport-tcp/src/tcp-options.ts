import { CommloopError, type Duration, durationMs } from '@commloop/core'
import { foundText } from './found-text.js'
import { type TlsSettings, tlsSettings } from './tls-options.js'

/** What every connection and listener of a transport has in common. */
export interface TcpOptions {
  /**
   * How long a connection may be idle before the kernel asks whether the peer is still there, 1 s to 32 767 s (what
   * Linux takes), or `off`. Default 30 s. Node then sends up to 10 probes, one a second (tcp(7), `TCP_KEEPINTVL`).
   * Says nothing about a peer that vanishes with data in flight: that takes a heartbeat or the write stall limit.
   */
  readonly keepAlive?: Duration
  /** Send small writes at once instead of gathering them (`TCP_NODELAY`). Default true. */
  readonly noDelay?: boolean
  /** Connections that the kernel keeps waiting to be accepted (listen(2)), 1 to 65 535. Default 511. */
  readonly backlog?: number
  /**
   * TLS handshakes that a listener has under way at once, 1 to 65 535; further connections are reset. Default 64.
   * Whoever may connect can begin handshakes and finish none: they must not take all memory and time.
   */
  readonly handshakes?: number
}

/** `TcpOptions`, checked. */
export interface TcpSettings {
  /** Milliseconds, whole seconds; 0: off. */
  readonly keepAliveMs: number
  readonly noDelay: boolean
  readonly backlog: number
  readonly handshakesMax: number
}

const KEEP_ALIVE_MS = 30_000
const KEEP_ALIVE_MS_MIN = 1000
/** The kernel refuses more, and Node does not say so. */
const KEEP_ALIVE_MS_MAX = 32_767_000
const BACKLOG = 511
const HANDSHAKES = 64
const COUNT_MAX = 65_535
const KNOWN = ['keepAlive', 'noDelay', 'backlog', 'handshakes']

/**
 * Checks options that may come from a configuration file, hence of any type.
 * @throws CommloopError CML_ERR_CONFIG_INVALID naming the option, what was expected and what was found.
 */
export function tcpSettings(options: Readonly<Record<string, unknown>>): TcpSettings {
  for (const [name, value] of Object.entries(options)) {
    if (KNOWN.includes(name)) continue
    throw invalid('', name, `one of the options ${KNOWN.join(', ')}`, value)
  }
  return {
    keepAliveMs: keepAliveMs(options['keepAlive']),
    noDelay: noDelay(options['noDelay']),
    backlog: count('backlog', options['backlog'], BACKLOG),
    handshakesMax: count('handshakes', options['handshakes'], HANDSHAKES),
  }
}

/** Which of the two ways to a connection is meant; they differ in what TLS asks for. */
export type Call = 'dial' | 'listen'

/**
 * What a single dial or listener may be told: `tls`, and nothing else. undefined: plain TCP.
 * @throws CommloopError CML_ERR_CONFIG_INVALID naming what is wrong.
 */
export function callTls(
  call: Call,
  options: Readonly<Record<string, unknown>>,
): TlsSettings | undefined {
  for (const [name, value] of Object.entries(options)) {
    if (name !== 'tls') throw invalid(`, ${call}`, name, 'no such option', value)
  }
  return options['tls'] === undefined ? undefined : tlsSettings(call, options['tls'])
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

function count(name: string, value: unknown, standard: number): number {
  if (value === undefined) return standard
  const usable = typeof value === 'number' && Number.isInteger(value)
  if (usable && value >= 1 && value <= COUNT_MAX) return value
  throw invalid('', name, `a whole number of 1 to ${String(COUNT_MAX)}`, value)
}

function invalid(place: string, name: string, expected: string, found: unknown): CommloopError {
  const text = `transport tcp${place}: ${name}: expected ${expected}, found ${foundText(found)}`
  return new CommloopError('CML_ERR_CONFIG_INVALID', text)
}
