import type { PayloadCycle } from './payload-cycle.js'
import type { Arrival, Sink, Traffic } from './sink.js'

/** A program that carries messages from one process to another. Each end runs in a separate process. */
export interface Contender {
  readonly name: string
  /** A description for the report. */
  readonly about: string
  /** Resolves when the sending end can connect. @throws Error if a program is missing */
  receive(sink: Sink): Promise<Receiving>
  send(port: number): Promise<Sending>
}

/** The receiving end. It passes its messages to the sink. */
export interface Receiving {
  readonly port: number
  /** For programs in other languages, which check their messages themselves. Resolves when they are ready. */
  expect?(traffic: Traffic): Promise<ForeignArrival>
}

/** A promise within an object, because `await` would also wait for a bare promise. */
export interface ForeignArrival {
  readonly arrival: Promise<Arrival>
}

/** The sending end. */
export interface Sending {
  /** Sends as fast as its backpressure allows. Resolves when the last message was passed on. */
  send(payloads: PayloadCycle, messages: number): Promise<void>
}
