import {
  type NodePart,
  PLUGIN_API_VERSION,
  type PluginDefinition,
  type PluginMismatch,
  type PluginSide,
  Transport,
  use,
} from '@commloop/core'
import { type TcpOptions, tcpSettings } from './tcp-options.js'
import { TcpTransport } from './tcp-transport.js'
import { checkConnectionOptions } from './option-check.js'
import { ownAddresses } from './own-addresses.js'
import { checkReach } from './reach-check.js'
import { tlsCounterpart } from './tls-counterpart.js'

/**
 * Makes a node dial and listen over TCP, for `createNode`.
 * @throws CommloopError CML_ERR_CONFIG_INVALID for unknown or invalid options.
 */
export function tcpTransport(options?: TcpOptions): NodePart {
  return use(Transport, new TcpTransport(options))
}

/** The transport `tcp` of a configuration. */
export const tcpDefinition: PluginDefinition<'transport'> = {
  kind: 'transport',
  name: 'tcp',
  apiVersion: PLUGIN_API_VERSION,
  create: (options) => new TcpTransport(options),
  check(_options, use) {
    const options = checkConnectionOptions(use)
    const reach = checkReach(use.node, ownAddresses())
    return { problems: options.problems, warnings: [...options.warnings, ...reach] }
  },
  compare: compareTls,
  counterpart: tlsCounterpart,
  // A connection with an unfinished handshake does not belong to a link yet.
  descriptors: (options) => tcpSettings(options).handshakesMax,
}

function compareTls(dialer: PluginSide, acceptor: PluginSide): PluginMismatch[] {
  const dialTls = dialer.transportOptions['tls']
  const listenTls = acceptor.transportOptions['tls']
  if ((dialTls === undefined) !== (listenTls === undefined)) {
    const message =
      dialTls === undefined
        ? `${acceptor.node} listens with TLS, and ${dialer.node} dials without: set "tls" in its entry`
        : `${dialer.node} dials with TLS, and ${acceptor.node} listens without: set "listen.tls"`
    return [{ finding: 'tls-one-side', message }]
  }
  const hasCertificate = typeof dialTls === 'object' && dialTls !== null && 'cert' in dialTls
  if (acceptor.identities === undefined || hasCertificate) return []
  const names = acceptor.identities.join(', ')
  const message = `${acceptor.node} requires a certificate of ${names}, and ${dialer.node} presents none: set "tls.cert" and "tls.key"`
  return [{ finding: 'identity-unproved', message }]
}
