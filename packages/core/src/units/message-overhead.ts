/**
 * The bytes that each store counts for a message in addition to its payload: the objects that hold it. Rounded up, from live
 * heap on Node 20, x64, in bytes for each message:
 *
 * | store | payload in a shared chunk | payload with its own `ArrayBuffer` |
 * | --- | --- | --- |
 * | outbox, payload only | 107 | 211 |
 * | outbox, sent again | 172 | 275 |
 * | outbox, with id, expiry and epoch | 212 | 315 |
 * | routing stage, promise or deferral | 616 | 726 |
 * | `messages()` | 153 | 257 |
 *
 * So the live heap of a full store is at most a quarter above what it counts. `test/faults/counted-memory.test.ts` measures
 * it again.
 */
export const OUTBOX_MESSAGE_BYTES = 256
export const ROUTING_MESSAGE_BYTES = 720
export const STREAM_MESSAGE_BYTES = 256

/** What holds a received chunk. */
export const CHUNK_BYTES = 256
