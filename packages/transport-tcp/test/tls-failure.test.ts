import { describe, expect, it } from 'vitest'
import { certificateProblemText, tlsProblemText, withTlsText } from '../src/tls-failure.js'

function failure(code?: unknown): Error {
  const error = new Error('in the words of Node')
  return code === undefined ? error : Object.assign(error, { code })
}

describe('the text for a failed handshake', () => {
  it.each([
    ['CERT_HAS_EXPIRED', 'tls: certificate has expired'],
    ['CERT_CHAIN_TOO_LONG', 'tls: cert chain too long'],
  ])('explains %s, a problem of the certificate', (code, text) => {
    expect(certificateProblemText(code)).toBe(text)
    expect(tlsProblemText(failure(code))).toBe(text)
  })

  it.each([
    ['ECONNRESET', 'tls: the peer closed the connection during the handshake'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls: the peer does not speak TLS'],
    ['ERR_SSL_DATA_LENGTH_TOO_LONG', 'tls: the peer does not speak TLS'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'tls: the peer sent an alert: unknown ca'],
    ['ERR_SSL_NO_SHARED_CIPHER', 'tls: no shared cipher'],
    [undefined, 'tls: in the words of Node'],
    [42, 'tls: in the words of Node'],
  ])('explains %s', (code, text) => {
    expect(tlsProblemText(failure(code))).toBe(text)
  })

  it('keeps the error of OpenSSL as the cause, and other errors unchanged', () => {
    const ssl = failure('ERR_SSL_NO_SHARED_CIPHER')
    expect(withTlsText(ssl)).toMatchObject({
      message: 'tls: no shared cipher',
      code: 'ERR_SSL_NO_SHARED_CIPHER',
      cause: ssl,
    })
    for (const other of [failure(), failure('EPIPE')]) expect(withTlsText(other)).toBe(other)
  })
})
