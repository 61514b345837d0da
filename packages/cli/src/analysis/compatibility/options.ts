import { parseIp } from '@commloop/core'
import { UsageError } from '../../command-line/usage-error.js'
import type { FitRequest } from './report.js'

/** What was written on the command line, as it was written. */
export interface PeerOptions {
  readonly with?: string
  readonly at?: string
  readonly peerAt?: string
}

/** @throws UsageError */
export function peerOf(
  options: PeerOptions,
): Pick<FitRequest, 'peerFile' | 'at' | 'peerAt'> | undefined {
  const { with: peerFile, at, peerAt } = options
  if (peerFile === undefined) {
    const [option] =
      Object.entries({ '--at': at, '--peer-at': peerAt }).find(([, value]) => value) ?? []
    if (option === undefined) return undefined
    throw new UsageError(
      `${option} belongs to --with: commloop check --with FILE ${option} ADDRESS`,
    )
  }
  // The other end's own door may be known by a name; what is seen of a connection is always an address.
  if (at !== undefined && parseIp(at) === undefined) {
    throw new UsageError(`--at: expected an IP address, found "${at}"`)
  }
  return { peerFile, at, peerAt }
}
