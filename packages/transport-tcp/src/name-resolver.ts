/** Addresses of names, for dials and for the commands. */
export interface NameResolver {
  /**
   * Looks a name up. Calls `answered` exactly once, never before this method has returned.
   * @param family 4 or 6: only addresses of this family; 0: all
   * @returns a function after which `answered` is not called any more
   */
  resolve(name: string, family: number, answered: NameAnswered): () => void
}

/** The addresses, the one that the system prefers first; or why there is none. */
export type NameAnswered = (error: Error | undefined, addresses: readonly string[]) => void

/** One look-up. Calls back once, after it has returned. It cannot be stopped, because the system cannot stop one. */
export type NameLookup = (name: string, family: number, answered: NameAnswered) => void
