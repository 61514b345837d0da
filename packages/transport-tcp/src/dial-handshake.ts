import { isIP, type Socket } from 'node:net'
import { checkServerIdentity, connect, type PeerCertificate, type TLSSocket } from 'node:tls'
import { HUNG_UP, tlsFault } from './tls-failure.js'
import { provedNames } from './tls-names.js'
import type { TlsSettings } from './tls-options.js'

/** Of a peer's names, as many as a log line can bear. */
const NAMES_LENGTH_MAX = 200

export interface DialHandshakeListener {
  /** Done, and the peer is who it should be. `tls` is paused and allows half-open connections. */
  shaken(tls: TLSSocket, identities: readonly string[]): void
  failed(error: Error): void
}

/** Speaks TLS over a connection that is open and paused. Ends, of itself, only with the connection. */
export function beginDialHandshake(
  tcp: Socket,
  place: string,
  settings: TlsSettings,
  listener: DialHandshakeListener,
): void {
  const { context, verifyPeer } = settings
  const name = settings.servername ?? place
  let over = false
  const tls = connect({
    ...context,
    socket: tcp,
    // An address cannot be asked for by name (RFC 6066, section 3).
    servername: isIP(name) === 0 ? name : '',
    rejectUnauthorized: verifyPeer,
    checkServerIdentity: (_host, certificate) => nameFault(name, certificate),
  })
  tls.on('error', (error: Error) => {
    // Later ones are the connection's.
    if (over) return
    over = true
    listener.failed(handshakeError(error))
  })
  tls.once('secureConnect', () => {
    over = true
    tls.pause()
    listener.shaken(tls, verifyPeer ? provedNames(tls.getPeerCertificate()) : [])
  })
}

/** Our own text, to be shown as it is. */
class NameError extends Error {}

function nameFault(name: string, certificate: PeerCertificate): Error | undefined {
  if (checkServerIdentity(name, certificate) === undefined) return undefined
  // Node has no such fields where the certificate has none.
  const { subjectaltname, subject } = certificate as Partial<PeerCertificate>
  const names = subjectaltname ?? subject?.CN ?? 'nobody'
  const shown = names.length > NAMES_LENGTH_MAX ? `${names.slice(0, NAMES_LENGTH_MAX)}…` : names
  return new NameError(`tls: certificate not for ${name}, but for ${shown}`)
}

function handshakeError(error: Error): Error {
  if (error instanceof NameError) return error
  const fault = tlsFault(error)
  if (fault !== HUNG_UP) return new Error(fault, { cause: error })
  return new Error(`${fault}: it may not speak TLS, or not accept our certificate`, {
    cause: error,
  })
}
