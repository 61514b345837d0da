import type { PeerInfo } from '@commloop/core'

/** One end of a connection as its two pipes see it. */
export interface PipeEnd {
  readonly peer: PeerInfo
  /** A handler is attached. */
  readonly accepted: boolean
  readonly closed: boolean
  /** It takes what has arrived. */
  readonly reads: boolean
  /** The pipe of the opposite direction, on which the kernel of this end answers. */
  readonly outbound: { answer(callback: () => void): void }
  /** The pipe has room again for what this end is writing. */
  roomAgain(): void
  bytesArrived(chunk: Uint8Array): void
  finArrived(): void
  resetByPeer(): void
  resetByNetwork(): void
}
