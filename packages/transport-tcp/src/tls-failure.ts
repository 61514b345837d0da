/** What OpenSSL has against a certificate, for those who have to see to it; the others in its own words. */
const CERTIFICATE_FAULTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'certificate has expired',
  CERT_NOT_YET_VALID: 'certificate is not yet valid',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate that is not in "ca"',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate not signed by any of "ca"',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate not signed by any of "ca"',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate not signed by any of "ca"',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate not signed by any of "ca"',
  INVALID_PURPOSE: 'certificate not made for this use',
  CERT_REVOKED: 'certificate was revoked',
}

/** Where the first bytes of the peer are no record of TLS. Which of them depends on the bytes. */
const NOT_TLS: ReadonlySet<string> = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  // OpenSSL's word for the same from Node 22 on.
  'ERR_SSL_DATA_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST',
  'ERR_SSL_HTTPS_PROXY_REQUEST',
])

export const NO_CERTIFICATE = 'tls: no certificate'
export const HUNG_UP = 'tls: the peer hung up within the handshake'
export const TOO_MANY_HANDSHAKES = 'tls: too many handshakes under way'

/** Why a certificate was not accepted, by the code that Node gives it. One of few texts: they are counted. */
export function certificateFault(code: string): string {
  return `tls: ${CERTIFICATE_FAULTS[code] ?? words(code)}`
}

/** The same for whatever else goes wrong with TLS. Nothing in it is the peer's own text. */
export function tlsFault(error: Error): string {
  const code = codeOf(error)
  if (code === undefined) return `tls: ${error.message}`
  if (code === 'ECONNRESET') return HUNG_UP
  if (NOT_TLS.has(code)) return 'tls: the peer does not speak TLS'
  const alert = /_ALERT_(?<name>\w+)$/.exec(code)?.groups?.['name']
  if (alert !== undefined) return `tls: the peer answers: ${words(alert)}`
  if (code.startsWith('ERR_SSL_')) return `tls: ${words(code.slice('ERR_SSL_'.length))}`
  return certificateFault(code)
}

/** OpenSSL's errors carry places in its source; the text says what they mean, and the cause has the rest. */
export function withTlsText(error: Error): Error {
  const code = codeOf(error)
  if (code === undefined || !code.startsWith('ERR_SSL_')) return error
  return Object.assign(new Error(tlsFault(error), { cause: error }), { code })
}

/** `Some_CODE` as `some code` */
function words(code: string): string {
  return code.toLowerCase().replaceAll('_', ' ')
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
