/** What stands beside a node while it runs, and costs it neither its start nor its life. */
export interface RunPart {
  /** The node has started. Does not throw. */
  begin(): void
  /** The node has stopped. Does not reject. */
  close(): Promise<void>
}
