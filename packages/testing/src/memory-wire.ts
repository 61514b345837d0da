import type { PeerInfo } from '@commloop/core'
import type { MemoryConnection } from './memory-connection.js'

/** What a connection needs of the network that it runs over. */
export interface MemoryWire {
  /** After this call has returned, at the same moment. */
  later(callback: () => void): void
  /** After the way from one end to the other; never, where the network does not carry it any more. */
  travel(peer: PeerInfo, callback: () => void): void
  /** Whether bytes get from one end to the other now. */
  carries(peer: PeerInfo): boolean
  /** How large the next chunk is that a reader is given. */
  chunkBytes(): number
  /** This end is closed. */
  gone(connection: MemoryConnection): void
}
