/** The part of the npm package `smpp` that the tests use; it has no types of its own. */
declare module 'smpp' {
  import type { EventEmitter } from 'node:events'
  import type { Server } from 'node:net'

  export interface Pdu {
    readonly command: string
    readonly sequence_number: number
    readonly system_id?: string
    readonly password?: string
    readonly short_message?: { readonly message?: string | Buffer }
    response(options?: Readonly<Record<string, unknown>>): Pdu
  }

  export interface Session extends EventEmitter {
    send(pdu: Pdu, answered?: (pdu: Pdu) => void): boolean
    enquire_link(answered: (pdu: Pdu) => void): void
    deliver_sm(fields: Readonly<Record<string, unknown>>): void
    close(): void
  }

  const smpp: {
    createServer(accepted: (session: Session) => void): Server
    readonly ESME_RBINDFAIL: number
    readonly ESME_RINVPASWD: number
  }
  export default smpp
}
