import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { messageText, sizeText } from '@commloop/core'
import type { CommandIo } from '../command-line/command-io.js'
import { UsageError } from '../command-line/usage-error.js'

/** Where a command gets the payload of a message from: exactly one of them, or stdin. */
export interface PayloadSource {
  readonly text: string | undefined
  readonly hex: string | undefined
  readonly file: string | undefined
}

export interface PayloadIo extends CommandIo {
  readonly stdin: Readable & { readonly isTTY?: boolean }
}

/** Usual codecs do not accept a larger payload, so a larger file was probably named by mistake. */
const PAYLOAD_BYTES_MAX = 16 * 1024 * 1024

/** @throws UsageError */
export async function payloadOf(
  { text, hex, file }: PayloadSource,
  io: PayloadIo,
): Promise<Buffer> {
  const given = Object.entries({ TEXT: text, '--hex': hex, '--file': file })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name)
  if (given.length > 1) throw new UsageError(`${given.join(' and ')} cannot be combined`)
  if (text !== undefined) return textBytes(text)
  if (hex !== undefined) return hexBytes(hex)
  return file === undefined ? await inputBytes(io) : await fileBytes(file)
}

/** @throws UsageError if the terminal or script gave bytes that are not UTF-8: Node has already replaced them */
function textBytes(text: string): Buffer {
  if (!text.includes('\ufffd')) return Buffer.from(text, 'utf8')
  throw new UsageError('TEXT is not UTF-8: send other bytes with --hex, --file or from stdin')
}

/** @throws UsageError */
function hexBytes(hex: string): Buffer {
  const digits = hex.replace(/[\s:]/g, '')
  const bytes = Buffer.from(digits, 'hex')
  if (bytes.length * 2 === digits.length) return bytes
  throw new UsageError(
    '--hex: expected two digits from 0–9 and a–f for each byte; spaces and colons are allowed between them',
  )
}

async function fileBytes(file: string): Promise<Buffer> {
  try {
    return await bytesOf(createReadStream(file), `--file: ${file}`)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`--file: ${messageText(error)}`)
  }
}

async function inputBytes({ stdin, stderr }: PayloadIo): Promise<Buffer> {
  if (stdin.isTTY === true) stderr.write('Type the message; Ctrl-D sends it\n')
  return await bytesOf(stdin as AsyncIterable<Buffer>, 'stdin')
}

/** A pipe or a device has no size, so the limit is checked while reading. @throws UsageError */
async function bytesOf(stream: AsyncIterable<Buffer>, what: string): Promise<Buffer> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of stream) {
    bytes += part.byteLength
    if (bytes > PAYLOAD_BYTES_MAX) throw new UsageError(tooLarge(what))
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function tooLarge(what: string): string {
  return `${what} exceeds the payload limit of ${sizeText(PAYLOAD_BYTES_MAX)}`
}

/** A link as it is typed: all digits are the position of an entry in the table. */
export function linkRef(typed: string): string | number {
  return /^\d+$/.test(typed) ? Number(typed) : typed
}
