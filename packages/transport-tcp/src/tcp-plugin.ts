import { type Plugin, Transport, use } from '@commloop/core'
import type { TcpOptions } from './tcp-options.js'
import { TcpTransport } from './tcp-transport.js'

/**
 * Makes a node dial and listen over TCP, for `createNode`.
 * @throws CommloopError CML_ERR_CONFIG_INVALID for unknown or unusable options.
 */
export function tcpTransport(options?: TcpOptions): Plugin {
  return use(Transport, new TcpTransport(options))
}

/** How a configuration finds this transport by its name. */
export const tcpPlugin = {
  kind: 'transport',
  name: 'tcp',
  apiVersion: 1,
  /** @throws CommloopError CML_ERR_CONFIG_INVALID for unknown or unusable options. */
  create(options: Readonly<Record<string, unknown>>): Transport {
    // Checked by the constructor, name by name.
    return new TcpTransport(options)
  },
} as const
