/**
 * What a client of the control socket may cost. `docs/control-api.md` gives the reasons, and a test compares the two.
 */
export const CONTROL_LIMITS = {
  /** Beyond these a connection is closed at once. */
  connections: 32,
  /** `GET /v1/events` at once. */
  eventStreams: 8,
  headerBytes: 8 * 1024,
  /** From the first byte of a request to its last. */
  requestMs: 10_000,
  /** A connection on which nothing moves; event streams are exempt. */
  idleMs: 30_000,
  /** What waits for one reader of events. */
  eventBytes: 1024 * 1024,
  /** Messages shown to one reader of events. */
  messagesPerSecond: 10_000,
  /** The longest that `POST /v1/send` waits. */
  sendMs: 60_000,
} as const
