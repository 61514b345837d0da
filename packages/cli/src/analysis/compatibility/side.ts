import type { ConfigTable } from '@commloop/config'
import type { EntryConfig } from '@commloop/core'

/** One of the two nodes, and the address at which the other node sees it. */
export interface Side {
  readonly table: ConfigTable
  readonly address: string
}

/** One side of a link: a node and its entry for the link. */
export interface LinkSide<Entry extends EntryConfig = EntryConfig> {
  readonly side: Side
  readonly entry: Entry
}
