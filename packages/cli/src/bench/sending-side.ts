import type { PayloadCycle } from './traffic.js'

export const LOOPBACK = '127.0.0.1'

/** One contender, as the process that sends has it. */
export interface SendingSide {
  /** As fast as the other end takes them. Resolves when all were handed over. */
  send(payloads: PayloadCycle, messages: number): Promise<void>
  /** One message; `answered` gets what has come back. */
  ask(payload: Uint8Array, answered: (echo: Uint8Array) => void): void
  close(): void
}
