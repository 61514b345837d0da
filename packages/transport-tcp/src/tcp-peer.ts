import type { Socket } from 'node:net'
import type { Address, PeerInfo } from '@commloop/core'

const NO_IDENTITIES: readonly string[] = []

/** Who is at the other end; undefined where it has gone already, and the system no longer knows. */
export function remoteAddress(socket: Socket): Address | undefined {
  return address(socket.remoteAddress, socket.remotePort)
}

/**
 * Both ends, to be asked while the socket is open: afterwards Node has forgotten them. `local`, where it is known: of each
 * address that is asked for Node keeps a copy with the socket.
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
