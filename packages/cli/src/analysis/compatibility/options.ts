import { parseIp } from '@commloop/core'
import { UsageError } from '../../command-line/usage-error.js'
import type { CompareRequest } from './report.js'

/** The options of `check --with`, as the user wrote them. */
export interface PeerOptions {
  readonly with?: string
  readonly at?: string
  readonly peerAt?: string
}

/** @throws UsageError */
export function peerOf(
  options: PeerOptions,
): Pick<CompareRequest, 'peerFile' | 'at' | 'peerAt'> | undefined {
  const { with: peerFile, at, peerAt } = options
  if (peerFile === undefined) {
    const [option] =
      Object.entries({ '--at': at, '--peer-at': peerAt }).find(([, value]) => value) ?? []
    if (option === undefined) return undefined
    throw new UsageError(
      `${option} belongs to --with: commloop check --with FILE ${option} ADDRESS`,
    )
  }
  // The peer may dial this node by a host name, but the source of a connection is always an address.
  if (at !== undefined && parseIp(at) === undefined) {
    throw new UsageError(`--at: expected an IP address, found "${at}"`)
  }
  return { peerFile, at, peerAt }
}
