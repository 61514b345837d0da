import type { Sending } from './contender.js'

export type Take = (payload: Uint8Array) => void

/** One end of a connection that is used in both directions. */
export interface End extends Sending {
  /** Sends one message now. */
  say(payload: Uint8Array): void
}

/** A program that carries messages in both directions over one connection. Each end runs in a separate process. */
export interface TwoWay {
  readonly name: string
  readonly about: string
  /** `end` can be called when the first message has arrived. */
  accept(take: Take): Promise<{ readonly port: number; end(): End }>
  dial(port: number, take: Take): Promise<End>
}
