/**
 * What clients of the control API and of the metrics may use. `docs/control-api.md` gives the reasons, and a test
 * compares the two.
 */
export const CONTROL_LIMITS = {
  /** The listener closes a further connection immediately. */
  connections: 32,
  /** Connections to a TCP listener that serves only metrics: scrapers are few. */
  metricsConnections: 16,
  /** Open `GET /v1/events` requests. */
  eventStreams: 8,
  headerBytes: 8 * 1024,
  /** Requests of one connection that wait for the response before them. Beyond this, the connection is destroyed. */
  pipelinedRequests: 16,
  /** How long the place of a connection that was destroyed for its requests stays taken. */
  floodedPlaceMs: 10_000,
  /** From the first byte of a request to its last. */
  requestMs: 10_000,
  /** How long a client may take to read a response; event streams have `eventStallMs`. */
  responseMs: 60_000,
  /** Texts of the metrics that exist at the same time, because a client has not read them. */
  unreadTexts: 2,
  /** How long a connection may carry no bytes; event streams are exempt. */
  idleMs: 30_000,
  /** Event text that waits for one client. */
  eventBytes: 1024 * 1024,
  /** How long a client of an event stream may read nothing while events wait. */
  eventStallMs: 300_000,
  /** Messages in one event stream. */
  messagesPerSecond: 10_000,
  /** The longest that `POST /v1/send` and `POST /v1/request` wait. */
  sendMs: 60_000,
} as const
