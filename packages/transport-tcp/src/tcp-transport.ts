import type { LookupFunction } from 'node:net'
import type {
  Dial,
  DialHandler,
  DialTarget,
  Listener,
  ListenHandler,
  ListenOptions,
  ResolveHandler,
  Resolving,
  Transport,
} from '@commloop/core'
import { kernelShowsSockets } from './kernel-look.js'
import type { NameLookup, NameResolver } from './name-resolver.js'
import { SharedLookups } from './shared-lookups.js'
import { systemNames } from './system-names.js'
import { TcpDial } from './tcp-dial.js'
import { TcpListener } from './tcp-listener.js'
import { type TcpOptions, type TcpSettings, tcpSettings } from './tcp-options.js'

/** Dials and listens over TCP (RFC 9293), IPv4 and IPv6. */
export class TcpTransport implements Transport {
  readonly #settings: TcpSettings
  readonly #names: NameResolver

  /**
   * @param lookup resolves host names; default: the system's resolver.
   * @throws CommloopError CML_ERR_CONFIG_INVALID for unknown or invalid options.
   */
  constructor(options: TcpOptions = {}, lookup?: LookupFunction) {
    this.#settings = tcpSettings({ ...options })
    this.#names = lookup === undefined ? systemNames : new SharedLookups(lookingUpBy(lookup))
  }

  get tellsUnacknowledged(): boolean {
    return kernelShowsSockets()
  }

  dial(target: DialTarget, handler: DialHandler): Dial {
    return new TcpDial(target, handler, this.#settings, this.#names)
  }

  listen(options: ListenOptions, handler: ListenHandler): Listener {
    return new TcpListener(options, handler, this.#settings)
  }

  resolve(name: string, handler: ResolveHandler): Resolving {
    const cancel = this.#names.resolve(name, 0, (error, addresses) => {
      if (error === undefined) handler.resolved(addresses)
      else handler.failed(error)
    })
    return { cancel }
  }
}

/** A function of the form of `dns.lookup`. Such a function may ignore that all addresses are wanted. */
function lookingUpBy(lookup: LookupFunction): NameLookup {
  return (name, family, answered) => {
    lookup(name, { all: true, family }, (error, addresses) => {
      const found = typeof addresses === 'string' ? [{ address: addresses }] : addresses
      if (error === null) {
        answered(
          undefined,
          found.map(({ address }) => address),
        )
      } else answered(error, [])
    })
  }
}
