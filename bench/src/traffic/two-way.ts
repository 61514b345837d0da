import type { Sending } from './contender.js'

export type Take = (payload: Uint8Array) => void

/** One end of a connection that is used both ways. */
export interface End extends Sending {
  /** Sends one message now. */
  say(payload: Uint8Array): void
}

/** Somebody who carries messages both ways over one connection. Each end is opened in a process of its own. */
export interface TwoWay {
  readonly name: string
  readonly about: string
  /** `end` is there by the time the first message comes. */
  accept(take: Take): Promise<{ readonly port: number; end(): End }>
  dial(port: number, take: Take): Promise<End>
}
