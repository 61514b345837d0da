import type { PayloadCycle } from './payload-cycle.js'
import type { Arrival, Sink, Traffic } from './sink.js'

/** Somebody who carries messages from one process to another. Each end is opened in a process of its own. */
export interface Contender {
  readonly name: string
  /** For the report: what exactly was run. */
  readonly about: string
  /** Resolves when the sending end may come. @throws Error where a program is missing. */
  receive(sink: Sink): Promise<Receiving>
  send(port: number): Promise<Sending>
}

/** The receiving end. Its messages go into the sink. */
export interface Receiving {
  readonly port: number
  /** For those who are not written in this language: checks what the sink would. Resolves when it is expected. */
  expect?(traffic: Traffic): Promise<ForeignArrival>
}

/** A promise in an object, or `await` would see through it. */
export interface ForeignArrival {
  readonly arrival: Promise<Arrival>
}

/** The sending end. */
export interface Sending {
  /** Sends as fast as its own backpressure lets it. Resolves when the last message was handed over. */
  send(payloads: PayloadCycle, messages: number): Promise<void>
}
