import type { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import type { Server } from 'node:net'

export interface Pdu {
  readonly command: string
  readonly system_id?: string
  readonly password?: string
  readonly command_status?: number
  readonly message_id?: string
  readonly short_message?: { readonly message?: string | Buffer }
  response(options?: Readonly<Record<string, unknown>>): Pdu
}

export interface Session extends EventEmitter {
  send(pdu: Pdu, answered?: (pdu: Pdu) => void): boolean
  destroy(): void
  enquire_link(answered: (pdu: Pdu) => void): void
}

/** The part of the npm package `smpp` that the tests use. It has no types of its own. */
interface Smpp {
  createServer(accepted: (session: Session) => void): Server
  connect(options: { readonly url: string }): Session
  readonly PDU: new (command: string, fields?: Readonly<Record<string, unknown>>) => Pdu
  readonly ESME_RINVPASWD: number
}

export const smpp = createRequire(import.meta.url)('smpp') as Smpp
