import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { type Address, durationText, type PeerInfo, type Timer } from '@commloop/core'
import {
  certificateProblemText,
  HUNG_UP,
  NO_CERTIFICATE,
  tlsProblemText,
  TOO_MANY_HANDSHAKES,
} from './tls-failure.js'
import { peerTimer } from './peer-timer.js'
import { provedNames } from './tls-names.js'
import type { TlsSettings } from './tls-options.js'

/** How long a handshake may take, from the moment when the connection was accepted. */
const HANDSHAKE_MS_MAX = 5000

export interface HandshakeListener {
  /** The handshake is complete and the peer is verified. `tls` is paused and allows half-open connections; `tcp` carries it. */
  shaken(tls: TLSSocket, tcp: Socket, peer: PeerInfo): void
  /** The connection is closed or about to close. */
  refused(remote: Address, reason: string): void
}

interface Handshake {
  readonly tcp: Socket
  readonly peer: PeerInfo
  readonly timer: Timer
}

/** The unfinished handshakes of a listener, limited in number and in time. */
export class ListenerHandshakes {
  readonly #verifyPeer: boolean
  readonly #max: number
  readonly #listener: HandshakeListener
  /** Does not listen itself: `begin` gives it connections that the TCP server has accepted. */
  readonly #server: Server
  /** Keyed by both addresses: Node reports a TLS socket's addresses, but not the TCP socket that carries it. */
  readonly #unfinished = new Map<string, Handshake>()

  constructor(settings: TlsSettings, max: number, listener: HandshakeListener) {
    this.#verifyPeer = settings.verifyPeer
    this.#max = max
    this.#listener = listener
    this.#server = createServer({
      ...settings.context,
      requestCert: settings.verifyPeer,
      // Otherwise Node would close the connection without a reason. We read the reason and then close it.
      rejectUnauthorized: false,
    })
    this.#server.on('secureConnection', this.#secured)
    this.#server.on('tlsClientError', this.#failed)
  }

  /** Starts the handshake of an accepted connection that is open and paused. */
  begin(tcp: Socket, peer: PeerInfo): void {
    const key = keyOf(tcp)
    // Once TLS uses the socket, only its `close` event matters.
    tcp.on('error', () => undefined)
    if (this.#unfinished.size >= this.#max) {
      tcp.resetAndDestroy()
      this.#listener.refused(peer.remote, TOO_MANY_HANDSHAKES)
      return
    }
    const timer = peerTimer(HANDSHAKE_MS_MAX, () => {
      this.#refuse(key, `tls: no handshake within ${durationText(HANDSHAKE_MS_MAX)}`)
    })
    this.#unfinished.set(key, { tcp, peer, timer })
    tcp.on('close', () => {
      if (this.#unfinished.get(key)?.tcp === tcp) this.#refuse(key, HUNG_UP)
    })
    // A peer that sends FIN during the handshake has ended the connection; half-open connections begin after it.
    tcp.allowHalfOpen = false
    this.#server.emit('connection', tcp)
  }

  readonly #secured = (tls: TLSSocket): void => {
    const key = keyOf(tls)
    const handshake = this.#unfinished.get(key)
    if (handshake === undefined) {
      // The socket was reset at this moment and has lost its addresses; its `close` event follows.
      tls.on('error', () => undefined)
      tls.destroy()
      return
    }
    const problem = this.#verifyPeer ? verificationProblem(tls) : undefined
    if (problem !== undefined) {
      tls.on('error', () => undefined)
      this.#refuse(key, problem)
      return
    }
    this.#take(key)
    tls.allowHalfOpen = true
    tls.pause()
    const identities = this.#verifyPeer ? provedNames(tls.getPeerCertificate()) : []
    this.#listener.shaken(tls, handshake.tcp, { ...handshake.peer, identities })
  }

  readonly #failed = (error: Error, tls: TLSSocket): void => {
    // Node sends the peer an alert and then closes the connection itself.
    const handshake = this.#take(keyOf(tls))
    if (handshake !== undefined)
      this.#listener.refused(handshake.peer.remote, tlsProblemText(error))
  }

  #refuse(key: string, reason: string): void {
    const handshake = this.#take(key)
    if (handshake === undefined) return
    reset(handshake)
    this.#listener.refused(handshake.peer.remote, reason)
  }

  #take(key: string): Handshake | undefined {
    const handshake = this.#unfinished.get(key)
    if (handshake === undefined) return undefined
    this.#unfinished.delete(key)
    handshake.timer.cancel()
    return handshake
  }

  /** Resets all unfinished handshakes without reporting them. */
  close(): void {
    for (const key of [...this.#unfinished.keys()]) {
      const handshake = this.#take(key)
      if (handshake !== undefined) reset(handshake)
    }
  }
}

function reset({ tcp }: Handshake): void {
  if (!tcp.destroyed) tcp.resetAndDestroy()
}

function verificationProblem(tls: TLSSocket): string | undefined {
  if (tls.authorized) return undefined
  // For a peer without a certificate, Node only reports that the issuer is unknown.
  if (tls.getPeerX509Certificate() === undefined) return NO_CERTIFICATE
  return certificateProblemText(String(tls.authorizationError))
}

function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(' ')
}
