import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { messageText, sizeText, visibleText } from '@commloop/core'
import type { CopyReport } from '@commloop/control'
import type { CommandIo } from '../command-line/command-io.js'
import { durationValue } from '../command-line/duration-value.js'
import { EXIT } from '../command-line/exit-codes.js'
import type { NodeRequest } from '../command-line/node-command.js'
import { UsageError } from '../command-line/usage-error.js'
import { runningNode } from './running-node.js'

export interface SendRequest extends NodeRequest {
  readonly text: string | undefined
  readonly to: string | undefined
  readonly hex: string | undefined
  readonly file: string | undefined
  /** `name=value` each; undefined: the message is the whole payload. */
  readonly fields: readonly string[] | undefined
  /** As written on the command line. */
  readonly timeout: string
  readonly json: boolean
}

export interface SendIo extends CommandIo {
  readonly stdin: Readable & { readonly isTTY?: boolean }
}

/** Usual codecs do not accept a larger payload, so a larger file was probably named by mistake. */
const PAYLOAD_BYTES_MAX = 16 * 1024 * 1024
const TIMEOUT = { minMs: 1, max: '60s' } as const

/** Sends one message through the running node and prints its outcome. @throws UsageError, CommloopError */
export async function sendMessage(request: SendRequest, io: SendIo): Promise<number> {
  const waitMs = durationValue('--timeout', request.timeout, TIMEOUT)
  const fields = request.fields && fieldsOf(request.fields)
  const payload = await payloadOf(request, io)
  const client = await runningNode(request)
  const { to } = request
  const answer = await client.ask({
    method: 'POST',
    path: '/v1/send',
    waitMs,
    body: {
      ...(fields === undefined ? {} : { fields }),
      base64: payload.toString('base64'),
      timeout: waitMs,
      ...(to === undefined ? {} : { to: /^\d+$/.test(to) ? Number(to) : to }),
    },
  })
  const { written, copies } = answer as { written: boolean; copies: readonly CopyReport[] }
  if (request.json) io.stdout.write(`${JSON.stringify(answer)}\n`)
  else {
    for (const copy of copies) {
      const sink = copy.outcome === 'written' ? io.stdout : io.stderr
      sink.write(`${visibleText(copyText(copy, request.timeout))}\n`)
    }
  }
  return written ? EXIT.OK : EXIT.FAILED
}

/** @throws UsageError */
function fieldsOf(written: readonly string[]): Readonly<Record<string, string>> {
  const fields = new Map<string, string>()
  for (const field of written) {
    const at = field.indexOf('=')
    if (at < 1) throw new UsageError(`--field: expected name=value, found "${field}"`)
    const name = field.slice(0, at)
    if (fields.has(name)) throw new UsageError(`--field: "${name}" is given twice`)
    fields.set(name, field.slice(at + 1))
  }
  return Object.fromEntries(fields)
}

/** @throws UsageError */
async function payloadOf({ text, hex, file }: SendRequest, io: SendIo): Promise<Buffer> {
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

async function inputBytes({ stdin, stderr }: SendIo): Promise<Buffer> {
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

/** `written to furnace-out`, `commloop: expired on furnace-out: not sent within 5s` */
function copyText({ outcome, link, reason }: CopyReport, timeout: string): string {
  if (outcome === 'unsettled') {
    return `still pending after ${timeout} (peer not reading, or router slow); it may still be sent`
  }
  if (outcome === 'written') return link === null ? 'written' : `written to ${link}`
  const where = link === null ? '' : ` on ${link}`
  const why = outcome === 'expired' ? `not sent within ${timeout}` : (reason ?? 'unknown reason')
  return `commloop: ${outcome}${where}: ${why}`
}
