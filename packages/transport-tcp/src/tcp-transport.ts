import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import type {
  Dial,
  DialHandler,
  DialTarget,
  Listener,
  ListenHandler,
  ListenOptions,
  Transport,
} from '@commloop/core'
import { TcpDial } from './tcp-dial.js'
import { TcpListener } from './tcp-listener.js'
import { type TcpOptions, type TcpSettings, tcpSettings } from './tcp-options.js'

/** Dials and listens over TCP (RFC 9293), IPv4 and IPv6. */
export class TcpTransport implements Transport {
  readonly #settings: TcpSettings
  readonly #lookup: LookupFunction

  /**
   * @param lookup resolves host names; default: the system's resolver.
   * @throws CommloopError CML_ERR_CONFIG_INVALID for unknown or invalid options.
   */
  constructor(options: TcpOptions = {}, lookup: LookupFunction = systemLookup) {
    this.#settings = tcpSettings({ ...options })
    this.#lookup = lookup
  }

  dial(target: DialTarget, handler: DialHandler): Dial {
    return new TcpDial(target, handler, this.#settings, this.#lookup)
  }

  listen(options: ListenOptions, handler: ListenHandler): Listener {
    return new TcpListener(options, handler, this.#settings)
  }
}
