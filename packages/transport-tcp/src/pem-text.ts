import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { foundText } from './found-text.js'

/** Text in the format of RFC 7468 as an option gives it, or why there is none. */
export type PemText = { readonly text: string } | { readonly lack: string }

/** The public authorities of the whole world take a quarter of it. */
const FILE_BYTES_MAX = 2 ** 20
const BEGIN = '-----BEGIN '
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

/** Takes the text itself, its bytes, or the path of a file that has it. */
export function pemText(value: unknown): PemText {
  if (value instanceof Uint8Array) return { text: Buffer.from(value).toString('latin1') }
  if (typeof value !== 'string' || value === '') {
    return { lack: `expected PEM text or the path of a file with it, found ${foundText(value)}` }
  }
  if (value.includes(BEGIN)) return { text: value }
  try {
    return fileText(value)
  } catch (error) {
    return { lack: `the file cannot be read: ${error instanceof Error ? error.message : value}` }
  }
}

function fileText(path: string): PemText {
  const file = statSync(path)
  // Opening a pipe that nobody writes to would block for ever, and a device may have no end.
  if (!file.isFile()) return { lack: `not a regular file: ${path}` }
  if (file.size > FILE_BYTES_MAX) return { lack: `larger than 1 MiB: ${path}` }
  return { text: readFileSync(path, 'latin1') }
}

/** All certificates of a text, in order; an empty list where there is none, or one that is broken. */
export function certificatesOf(pem: string): readonly X509Certificate[] {
  try {
    return (pem.match(CERTIFICATE) ?? []).map((block) => new X509Certificate(block))
  } catch {
    return []
  }
}

/** The private key of a text, or why there is none. */
export function privateKeyOf(pem: string): KeyObject | { readonly lack: string } {
  if (/-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(pem)) {
    return { lack: 'the key is protected by a passphrase, and nobody is there to be asked for it' }
  }
  try {
    return createPrivateKey(pem)
  } catch {
    return { lack: 'no private key in it' }
  }
}
