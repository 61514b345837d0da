import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { describeValue, messageText } from '@commloop/core'

/** Text in the format of RFC 7468, or why an option does not give it. */
export type PemText = { readonly text: string } | { readonly problem: string }

/** All public authorities together take a quarter of this. */
const FILE_BYTES_MAX = 2 ** 20
const BEGIN = '-----BEGIN '
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

/** Accepts the text itself, its bytes, or the path of a file that contains it. */
export function pemText(value: unknown): PemText {
  if (value instanceof Uint8Array) return { text: Buffer.from(value).toString('latin1') }
  if (typeof value !== 'string' || value === '') {
    return {
      problem: `expected PEM text or the path of a file with it, found ${describeValue(value)}`,
    }
  }
  if (value.includes(BEGIN)) return { text: value }
  try {
    return fileText(value)
  } catch (error) {
    return { problem: `the file cannot be read: ${messageText(error)}` }
  }
}

function fileText(path: string): PemText {
  const file = statSync(path)
  // Opening a pipe without a writer would block forever, and a device may be endless.
  if (!file.isFile()) return { problem: `not a regular file: ${path}` }
  if (file.size > FILE_BYTES_MAX) return { problem: `larger than 1 MiB: ${path}` }
  return { text: readFileSync(path, 'latin1') }
}

/** All certificates of a text, in order; empty if there are none, or if one of them is invalid. */
export function certificatesOf(pem: string): readonly X509Certificate[] {
  try {
    return (pem.match(CERTIFICATE) ?? []).map((block) => new X509Certificate(block))
  } catch {
    return []
  }
}

/** The private key of a text, or why it cannot be read. */
export function privateKeyOf(pem: string): KeyObject | { readonly problem: string } {
  if (/-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(pem)) {
    return { problem: 'the key is protected by a passphrase, which commloop cannot ask for' }
  }
  try {
    return createPrivateKey(pem)
  } catch {
    return { problem: 'the text does not contain a private key' }
  }
}
