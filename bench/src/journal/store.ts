/** A store that a bench gives records to. */
export interface Store {
  /** @returns the ticket of the record */
  enter(payload: Uint8Array): number
  /** Every record up to this ticket may go. */
  leave(ticket: number): void
  close(): Promise<void>
}

/** Opens a store in a folder. `stored` is called with the last ticket that survives a power cut. */
export type OpenStore = (folder: string, stored: (ticket: number) => void) => Promise<Store>
