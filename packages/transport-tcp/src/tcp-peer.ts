import type { Socket } from 'node:net'
import type { Address, PeerInfo } from '@commloop/core'

const NO_IDENTITIES: readonly string[] = []

/** The peer's address; undefined if the peer has already closed and the system no longer knows it. */
export function remoteAddress(socket: Socket): Address | undefined {
  return address(socket.remoteAddress, socket.remotePort)
}

/**
 * Both addresses of a socket. Call this while the socket is open; later Node does not know them. Pass `local` if it is
 * known: Node keeps a copy of each address that is read from a socket.
 */
export function peerInfo(
  socket: Socket,
  local = address(socket.localAddress, socket.localPort),
): PeerInfo | undefined {
  const remote = remoteAddress(socket)
  return remote === undefined || local === undefined
    ? undefined
    : { local, remote, identities: NO_IDENTITIES }
}

function address(ip: string | undefined, port: number | undefined): Address | undefined {
  return ip === undefined || port === undefined ? undefined : { ip, port }
}
