import { jsonText, shortened } from '@commloop/core'
import { isIP, type Socket } from 'node:net'
import { checkServerIdentity, connect, type PeerCertificate, type TLSSocket } from 'node:tls'
import { HUNG_UP, tlsProblemText } from './tls-failure.js'
import { provedNames } from './tls-names.js'
import type { TlsSettings } from './tls-options.js'

/** Limits how much of the peer's names a log line shows, in characters. */
const NAMES_LENGTH_MAX = 200

export interface DialHandshakeListener {
  /** The handshake is complete and the peer is verified. `tls` is paused and allows half-open connections. */
  shaken(tls: TLSSocket, identities: readonly string[]): void
  failed(error: Error): void
}

/** Starts TLS over a connection that is open and paused. The caller limits its time. */
export function beginDialHandshake(
  tcp: Socket,
  host: string,
  settings: TlsSettings,
  listener: DialHandshakeListener,
): void {
  const { context, verifyPeer } = settings
  const name = settings.servername ?? host
  let over = false
  const tls = connect({
    ...context,
    socket: tcp,
    // A server name must not be an address (RFC 6066, section 3).
    servername: isIP(name) === 0 ? name : '',
    rejectUnauthorized: verifyPeer,
    checkServerIdentity: (_host, certificate) => nameProblem(name, certificate),
  })
  tls.on('error', (error: Error) => {
    // Later errors belong to the connection.
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

/** An error with a text of this package, which is shown unchanged. */
class NameError extends Error {}

function nameProblem(name: string, certificate: PeerCertificate): Error | undefined {
  if (checkServerIdentity(name, certificate) === undefined) return undefined
  // Node leaves these fields out if the certificate lacks them.
  const { subjectaltname, subject } = certificate as Partial<PeerCertificate>
  // If there are several common names, Node gives a list.
  const names: unknown = subjectaltname ?? subject?.CN ?? 'no name'
  const shown = shortened(typeof names === 'string' ? names : jsonText(names), NAMES_LENGTH_MAX)
  return new NameError(`tls: certificate not for ${name}, but for ${shown}`)
}

function handshakeError(error: Error): Error {
  if (error instanceof NameError) return error
  const text = tlsProblemText(error)
  if (text !== HUNG_UP) return new Error(text, { cause: error })
  return new Error(`${text}: it may not speak TLS, or not accept our certificate`, { cause: error })
}
