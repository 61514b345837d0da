import { loadConfig, tableOf } from '@commloop/config'
import { parseIp } from '@commloop/core'
import type { CommandIo } from '../../command-line/command-io.js'
import { EXIT } from '../../command-line/exit-codes.js'
import { UsageError } from '../../command-line/usage-error.js'
import { chosenPeers, type PeerView, peerViews } from './peer-view.js'
import { peerConfigText } from './render.js'

export interface MirrorRequest {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The file given with `--config`. */
  readonly config?: string | undefined
  /** Print only the table for the peers of this entry, or at this address. */
  readonly for?: string | undefined
  /** The address at which the peers see this node. */
  readonly at?: string | undefined
}

/**
 * Prints the table that each peer needs, as one YAML document for each peer.
 *
 * @throws UsageError, CommloopError
 */
export async function printPeerConfigs(request: MirrorRequest, io: CommandIo): Promise<number> {
  const { cwd, env, config: file, for: chosen, at } = request
  if (at !== undefined && parseIp(at) === undefined) {
    throw new UsageError(`--at: expected an IP address, found "${at}"`)
  }
  const table = tableOf(await loadConfig({ cwd, env, file }))
  const all = peerViews(table.node)
  if (all.length === 0) throw new UsageError(`${table.name} has no entries, so there is no peer`)
  const peers = chosen === undefined ? all : chosenPeers(all, chosen)
  if (peers.length === 0) throw new UsageError(unknownPeer(chosen ?? '', all))
  io.stdout.write(peers.map((peer) => peerConfigText(table, peer, at)).join('---\n'))
  return EXIT.OK
}

const SHOWN_MAX = 20

function unknownPeer(chosen: string, all: readonly PeerView[]): string {
  const ids = all.flatMap(({ active, passive }) => [...active, ...passive].map(({ id }) => id))
  const shown = ids.slice(0, SHOWN_MAX).join(', ') + (ids.length > SHOWN_MAX ? ' …' : '')
  return `--for: no entry and no peer "${chosen}". Entries: ${shown}`
}
