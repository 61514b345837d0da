/** A received view this much smaller than its chunk is copied before it waits: it would keep the chunk in memory. */
const PINNED_FACTOR = 2

/** The payload itself, or a copy if it is a small view of a large chunk. */
export function unpinned(payload: Uint8Array): Uint8Array {
  const pinned = payload.buffer.byteLength > payload.byteLength * PINNED_FACTOR
  return pinned ? new Uint8Array(payload) : payload
}
