import type { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import type { Server } from 'node:net'

export interface Pdu {
  readonly command: string
  readonly system_id?: string
  readonly password?: string
  readonly short_message?: { readonly message?: string | Buffer }
  response(options?: Readonly<Record<string, unknown>>): Pdu
}

export interface Session extends EventEmitter {
  send(pdu: Pdu): boolean
  enquire_link(answered: (pdu: Pdu) => void): void
}

/** The part of the npm package `smpp` that the tests use. It has no types of its own. */
interface Smpp {
  createServer(accepted: (session: Session) => void): Server
  readonly ESME_RINVPASWD: number
}

export const smpp = createRequire(import.meta.url)('smpp') as Smpp
