import type { PayloadCycle } from './traffic.js'

export const LOOPBACK = '127.0.0.1'

/** The sending end of one contender. */
export interface SendingSide {
  /** Sends as fast as the other end reads. Resolves when all messages are handed over. */
  send(payloads: PayloadCycle, messages: number): Promise<void>
  /** Sends one message and calls `answered` with its echo. */
  ask(payload: Uint8Array, answered: (echo: Uint8Array) => void): void
  close(): void
}
