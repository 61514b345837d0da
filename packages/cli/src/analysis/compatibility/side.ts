import type { EntryConfig } from '@commloop/core'
import type { PeerTable } from './peer-table.js'

/** One of the two nodes, and the address at which the other node sees it. */
export interface Side {
  readonly table: PeerTable
  readonly address: string
}

/** One side of a link: a node and its entry for the link. */
export interface LinkSide<Entry extends EntryConfig = EntryConfig> {
  readonly side: Side
  readonly entry: Entry
}
