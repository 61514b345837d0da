import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { type Address, durationText, type PeerInfo } from '@commloop/core'
import {
  certificateFault,
  HUNG_UP,
  NO_CERTIFICATE,
  tlsFault,
  TOO_MANY_HANDSHAKES,
} from './tls-failure.js'
import { provedNames } from './tls-names.js'
import type { TlsSettings } from './tls-options.js'

/** From the accepted connection to the end of its handshake. */
const HANDSHAKE_MS_MAX = 5000

export interface HandshakeListener {
  /** Done, and the peer is who it says. `tls` is paused and allows half-open connections; `tcp` carries it. */
  shaken(tls: TLSSocket, tcp: Socket, peer: PeerInfo): void
  /** The connection is gone, or will be. */
  refused(remote: Address, reason: string): void
}

interface Handshake {
  readonly tcp: Socket
  readonly peer: PeerInfo
  readonly timer: NodeJS.Timeout
}

/** The handshakes that a listener has under way: bounded in number and in time. */
export class ListenerHandshakes {
  readonly #verifyPeer: boolean
  readonly #max: number
  readonly #listener: HandshakeListener
  /** Never listens: it is given connections that were accepted elsewhere. */
  readonly #server: Server
  /** By both addresses, which Node tells of a TLS socket as of the one below; the latter it keeps to itself. */
  readonly #underWay = new Map<string, Handshake>()

  constructor(settings: TlsSettings, max: number, listener: HandshakeListener) {
    this.#verifyPeer = settings.verifyPeer
    this.#max = max
    this.#listener = listener
    this.#server = createServer({
      ...settings.context,
      requestCert: settings.verifyPeer,
      // Node would hang up without saying why. We ask for the reason, and then hang up.
      rejectUnauthorized: false,
    })
    this.#server.on('secureConnection', this.#secured)
    this.#server.on('tlsClientError', this.#failed)
  }

  /** Takes over an accepted connection that is open and paused. */
  begin(tcp: Socket, peer: PeerInfo): void {
    const key = keyOf(tcp)
    // Its end is all that is heard of the socket below once TLS has it.
    tcp.on('error', () => undefined)
    if (this.#underWay.size >= this.#max) {
      tcp.resetAndDestroy()
      this.#listener.refused(peer.remote, TOO_MANY_HANDSHAKES)
      return
    }
    const timer = setTimeout(() => {
      this.#refuse(key, `tls: no handshake within ${durationText(HANDSHAKE_MS_MAX)}`)
    }, HANDSHAKE_MS_MAX)
    this.#underWay.set(key, { tcp, peer, timer })
    tcp.on('close', () => {
      if (this.#underWay.get(key)?.tcp === tcp) this.#refuse(key, HUNG_UP)
    })
    // Whoever ends within the handshake has ended altogether; what is half-open begins after it.
    tcp.allowHalfOpen = false
    this.#server.emit('connection', tcp)
  }

  readonly #secured = (tls: TLSSocket): void => {
    const key = keyOf(tls)
    const handshake = this.#underWay.get(key)
    if (handshake === undefined) {
      // Reset at this very moment, so that its addresses are gone; its `close` is on the way.
      tls.on('error', () => undefined)
      tls.destroy()
      return
    }
    const fault = this.#verifyPeer ? faultOf(tls) : undefined
    if (fault !== undefined) {
      tls.on('error', () => undefined)
      this.#refuse(key, fault)
      return
    }
    this.#take(key)
    tls.allowHalfOpen = true
    tls.pause()
    const identities = this.#verifyPeer ? provedNames(tls.getPeerCertificate()) : []
    this.#listener.shaken(tls, handshake.tcp, { ...handshake.peer, identities })
  }

  readonly #failed = (error: Error, tls: TLSSocket): void => {
    // Node closes the connection itself, after the alert that tells the peer.
    const handshake = this.#take(keyOf(tls))
    if (handshake !== undefined) this.#listener.refused(handshake.peer.remote, tlsFault(error))
  }

  #refuse(key: string, reason: string): void {
    const handshake = this.#take(key)
    if (handshake === undefined) return
    reset(handshake)
    this.#listener.refused(handshake.peer.remote, reason)
  }

  #take(key: string): Handshake | undefined {
    const handshake = this.#underWay.get(key)
    if (handshake === undefined) return undefined
    this.#underWay.delete(key)
    clearTimeout(handshake.timer)
    return handshake
  }

  /** Resets what is under way, and says nothing about it. */
  close(): void {
    for (const key of [...this.#underWay.keys()]) {
      const handshake = this.#take(key)
      if (handshake !== undefined) reset(handshake)
    }
  }
}

function reset({ tcp }: Handshake): void {
  if (!tcp.destroyed) tcp.resetAndDestroy()
}

function faultOf(tls: TLSSocket): string | undefined {
  if (tls.authorized) return undefined
  // Of a peer without a certificate Node says that its issuer is unknown.
  if (tls.getPeerX509Certificate() === undefined) return NO_CERTIFICATE
  return certificateFault(String(tls.authorizationError))
}

function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(' ')
}
