/**
 * The HTTP API of a commloop node. `ControlServer` serves it, `ControlClient` uses it.
 *
 * The parts can be imported alone: `@commloop/control/server`, `/client`, `/socket-path` (where sockets are), `/json` (the
 * JSON lines of messages and events), and `/app` (the API as a hono app, which loads hono immediately).
 *
 * @packageDocumentation
 */
export { CONTROL_LIMITS } from './app/control-limits.js'
export { EVENT_TYPES, type EventType } from './app/event-types.js'
export type { CopyReport } from './app/operator-send.js'
export * from './client.js'
export * from './json.js'
export * from './server.js'
export type { OutputStatus } from '@commloop/metrics'
export type { MissingEntry } from './status/availability.js'
export type { LinkStatus, NodeFacts, NodeStatus } from './status/node-status.js'
