import type { Logger, Node } from '@commloop/core'
import type { OutputStatus } from '@commloop/metrics'
import type { MessageFields } from '../json/message-fields.js'
import type { Availability } from '../status/availability.js'
import type { NodeFacts } from '../status/node-status.js'

/** A node as the control API shows and operates it. */
export interface ControlledNode {
  readonly node: Node
  readonly facts: NodeFacts
  readonly availability: Availability
  /** Receives a line for each operation on a link, and for each unexpected error. */
  readonly logger: Logger
  /** The largest payload that any link accepts now, in bytes. It bounds the body of `POST /v1/send`. */
  readonly payloadBytesMax: () => number
  /** Reads and writes the headers of messages. Default: no link has fields. */
  readonly fields?: MessageFields
  /** The metrics in the Prometheus text format, made part by part. */
  readonly metrics: () => AsyncIterable<string>
  /** Where received messages go, if another program reads them. */
  readonly output: () => OutputStatus | undefined
  /**
   * Reads the configuration again and applies what has changed. The client receives the result as JSON. Rejects with a
   * CommloopError if nothing was changed.
   */
  readonly reload: () => Promise<object>
}
