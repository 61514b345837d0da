import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  type Stats,
  statSync,
} from 'node:fs'
import { describeValue, messageText } from '@commloop/core'

/** Text in the format of RFC 7468, or why an option does not give it. */
export type PemText =
  | { readonly text: string }
  | {
      readonly problem: string
      /** The same without the value of the option, which may be a secret. */
      readonly withoutValue: string
    }

/** All public authorities together take a quarter of this. */
const FILE_BYTES_MAX = 2 ** 20
const WIDE_MARKS: ReadonlySet<string> = new Set(['fffe', 'feff'])
const BEGIN = '-----BEGIN '
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

/** Accepts the text itself, its bytes, or the path of a file that contains it. */
export function pemText(value: unknown): PemText {
  if (value instanceof Uint8Array) return { text: Buffer.from(value).toString('latin1') }
  if (typeof value !== 'string' || value === '') {
    const withoutValue = 'expected PEM text or the path of a file with it'
    return { problem: `${withoutValue}, found ${describeValue(value)}`, withoutValue }
  }
  if (value.includes(BEGIN)) return { text: value }
  try {
    return fileText(value)
  } catch (error) {
    const withoutValue = `the file cannot be read (${codeOf(error)})`
    const text = messageText(error)
    return { problem: `the file cannot be read: ${text}`, withoutValue }
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'no error code'
}

function badFile(withoutValue: string, path: string): PemText {
  return { problem: `${withoutValue}: ${path}`, withoutValue }
}

function fileText(path: string): PemText {
  const named = sizeProblem(statSync(path))
  if (named !== undefined) return badFile(named, path)
  // Checked again once it is open: opening a pipe without a writer would block for ever, and a device may be endless.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const problem = sizeProblem(fstatSync(file))
    if (problem !== undefined) return badFile(problem, path)
    return decodedPem(readFileSync(file), path)
  } finally {
    closeSync(file)
  }
}

function sizeProblem(file: Stats): string | undefined {
  if (!file.isFile()) return 'not a regular file'
  return file.size > FILE_BYTES_MAX ? 'larger than 1 MiB' : undefined
}

/** PEM is ASCII. Some Windows programs write it as UTF-16. */
function decodedPem(bytes: Buffer, path: string): PemText {
  const isWide = bytes[0] === 0 || bytes[1] === 0 || WIDE_MARKS.has(bytes.toString('hex', 0, 2))
  if (isWide) return badFile('the file is in UTF-16, expected ASCII or UTF-8', path)
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return { text: bytes.toString('latin1', hasMark ? 3 : 0) }
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
