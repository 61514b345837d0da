import { readFile, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { durationMs, sizeText } from '@commloop/core'
import type { CommandIo } from '../command-line/command-io.js'
import type { CopyReport } from '@commloop/control'
import { EXIT } from '../command-line/exit-codes.js'
import { visibleText } from '../terminal/escape-control-chars.js'
import { UsageError } from '../command-line/usage-error.js'
import { type NodeRequest, runningNode } from '../running-node/running-node.js'

export interface SendRequest extends NodeRequest {
  readonly text: string | undefined
  readonly to: string | undefined
  readonly hex: string | undefined
  readonly file: string | undefined
  /** As written. */
  readonly timeout: string
  readonly json: boolean
}

export interface SendIo extends CommandIo {
  readonly stdin: Readable & { readonly isTTY?: boolean }
}

/** No codec takes more in one message; a file this large was named by mistake. */
const PAYLOAD_BYTES_MAX = 16 * 1024 * 1024
const TIMEOUT_MS_MAX = 60_000

/** `commloop send`: one message through the running node, and what became of it. @throws UsageError, CommloopError */
export async function sendCommand(request: SendRequest, io: SendIo): Promise<number> {
  const waitMs = timeoutMs(request.timeout)
  const payload = await payloadOf(request, io)
  const client = await runningNode(request)
  const { to } = request
  const answer = await client.ask({
    method: 'POST',
    path: '/v1/send',
    waitMs,
    body: {
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
      sink.write(`${copyText(copy, request.timeout)}\n`)
    }
  }
  return written ? EXIT.OK : EXIT.FAILED
}

/** @throws UsageError */
function timeoutMs(text: string): number {
  const ms = durationMs(text)
  if (ms !== undefined && ms > 0 && ms <= TIMEOUT_MS_MAX) return ms
  throw new UsageError(
    `--timeout: expected a duration such as 500ms or 5s, up to 60s, found "${text}"`,
  )
}

async function payloadOf({ text, hex, file }: SendRequest, io: SendIo): Promise<Buffer> {
  const given = Object.entries({ TEXT: text, '--hex': hex, '--file': file })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name)
  if (given.length > 1)
    throw new UsageError(`${given.join(' and ')} say two different things to send`)
  if (text !== undefined) return Buffer.from(text, 'utf8')
  if (hex !== undefined) return hexBytes(hex)
  return file === undefined ? await inputBytes(io) : await fileBytes(file)
}

/** @throws UsageError */
function hexBytes(hex: string): Buffer {
  const digits = hex.replace(/[\s:]/g, '')
  const bytes = Buffer.from(digits, 'hex')
  if (bytes.length * 2 === digits.length) return bytes
  throw new UsageError(
    '--hex: expected two digits from 0–9 and a–f for each byte; blanks and colons may stand between',
  )
}

async function fileBytes(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file)
    if (size > PAYLOAD_BYTES_MAX) throw new UsageError(tooLarge(`--file: ${file}`))
    return await readFile(file)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`--file: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function inputBytes({ stdin, stderr }: SendIo): Promise<Buffer> {
  if (stdin.isTTY === true) stderr.write('Type the message; Ctrl-D sends it\n')
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of stdin as AsyncIterable<Buffer>) {
    bytes += part.byteLength
    if (bytes > PAYLOAD_BYTES_MAX) throw new UsageError(tooLarge('stdin'))
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function tooLarge(what: string): string {
  return `${what} is larger than ${sizeText(PAYLOAD_BYTES_MAX)}, which no message is`
}

/** `written to furnace-out`, `expired on furnace-out: not begun within 5s` */
function copyText({ outcome, link, reason }: CopyReport, timeout: string): string {
  if (outcome === 'unsettled') {
    return `neither written nor given up within ${timeout}: the peer takes nothing, or the router has not answered; it may still be written`
  }
  if (outcome === 'written') return `written to ${visibleText(link ?? 'nobody')}`
  const where = link === null ? '' : ` on ${visibleText(link)}`
  const why =
    outcome === 'expired'
      ? `it could not be sent within ${timeout}`
      : visibleText(reason ?? 'no reason given')
  return `commloop: ${outcome}${where}: ${why}`
}
