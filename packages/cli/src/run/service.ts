/** A service next to a running node. The node starts and stops without it. */
export interface Service {
  /** Called once the node has started. Does not throw. */
  begin(): void
  /** Called once the node has stopped. Does not reject. */
  close(): Promise<void>
}
