import { messageText } from '@commloop/core'
/** OpenSSL verification errors that operators can act on, reworded. All others keep OpenSSL's text. */
const CERTIFICATE_PROBLEMS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'certificate has expired',
  CERT_NOT_YET_VALID: 'certificate is not yet valid',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate that is not in "ca"',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate not signed by any of "ca"',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate not signed by any of "ca"',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate not signed by any of "ca"',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate not signed by any of "ca"',
  INVALID_PURPOSE: 'certificate is not valid for this purpose',
  CERT_REVOKED: 'certificate was revoked',
}

/** Codes for a peer whose first bytes are not a TLS record. Which one OpenSSL reports depends on the bytes. */
const NOT_TLS: ReadonlySet<string> = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  // The name of the previous code from Node 22 on.
  'ERR_SSL_DATA_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST',
  'ERR_SSL_HTTPS_PROXY_REQUEST',
])

export const NO_CERTIFICATE = 'tls: no certificate'
export const HUNG_UP = 'tls: the peer closed the connection during the handshake'
export const TOO_MANY_HANDSHAKES = 'tls: too many unfinished handshakes'
export const HANDSHAKE_DISPLACED = 'tls: its unfinished handshake gave way to another connection'

/** Why a certificate was not accepted, from the code that Node reports. One of a few texts, because they are counted. */
export function certificateProblemText(code: string): string {
  return `tls: ${CERTIFICATE_PROBLEMS[code] ?? words(code)}`
}

/** What went wrong with TLS. The text never contains text that the peer chose. */
export function tlsProblemText(error: Error): string {
  const code = codeOf(error)
  if (code === undefined) return `tls: ${messageText(error)}`
  if (code === 'ECONNRESET') return HUNG_UP
  if (NOT_TLS.has(code)) return 'tls: the peer does not speak TLS'
  const alert = /_ALERT_(?<name>\w+)$/.exec(code)?.groups?.['name']
  if (alert !== undefined) return `tls: the peer sent an alert: ${words(alert)}`
  if (code.startsWith('ERR_SSL_')) return `tls: ${words(code.slice('ERR_SSL_'.length))}`
  return certificateProblemText(code)
}

/** OpenSSL's messages contain positions in its source. The new error explains the code, and has the old one as its cause. */
export function withTlsText(error: Error): Error {
  const code = codeOf(error)
  if (code === undefined || !code.startsWith('ERR_SSL_')) return error
  return Object.assign(new Error(tlsProblemText(error), { cause: error }), { code })
}

/** `Some_CODE` as `some code` */
function words(code: string): string {
  return code.toLowerCase().replaceAll('_', ' ')
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
