import type { PluginCounterpart, PluginSide } from '@commloop/core'

/** Suggested file names. Only the peer knows its real files. */
const CERTIFICATE = { cert: './tls/node.pem', key: './tls/node.key' }
const AUTHORITY = { ca: './tls/ca.pem' }
const UNKNOWN_FILES = 'tls: these are files of the peer, which are not known here: docs/security.md'

/** The `tls` section that the peer of this side needs. */
export function tlsCounterpart({
  role,
  transportOptions,
  identities,
}: PluginSide): PluginCounterpart {
  const { tls } = transportOptions
  if (tls === undefined) return { options: {}, notes: [] }
  // If our dials present no certificate, a listener that verifies its peers would refuse them.
  const hasCertificate = typeof tls === 'object' && tls !== null && 'cert' in tls
  const verifies = role === 'passive' || hasCertificate
  const counterpart = { ...CERTIFICATE, ...(verifies ? AUTHORITY : { verifyPeer: false }) }
  const names = identities?.join(' or ')
  return {
    options: { tls: counterpart },
    notes: [
      UNKNOWN_FILES,
      ...(names === undefined ? [] : [`tls: the certificate must prove the name ${names}`]),
    ],
  }
}
