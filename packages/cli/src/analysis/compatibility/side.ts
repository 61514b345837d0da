import type { EntryConfig } from '@commloop/core'
import type { ConfigTable } from '@commloop/config'

/** A node, and where the other one sees it. */
export interface End {
  readonly table: ConfigTable
  readonly address: string
}

/** One side of a link. */
export interface Side<Entry extends EntryConfig = EntryConfig> {
  readonly end: End
  readonly entry: Entry
}
