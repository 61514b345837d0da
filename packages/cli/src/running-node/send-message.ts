import { visibleText } from '@commloop/core'
import type { CopyReport } from '@commloop/control'
import { durationValue } from '../command-line/duration-value.js'
import { EXIT } from '../command-line/exit-codes.js'
import type { NodeRequest } from '../command-line/node-command.js'
import { linkRef, type PayloadIo, payloadOf, type PayloadSource } from './payload-source.js'
import { runningNode } from './running-node.js'

export interface SendRequest extends NodeRequest, PayloadSource {
  readonly to: string | undefined
  /** As written on the command line. */
  readonly timeout: string
  readonly json: boolean
}

const TIMEOUT = { minMs: 1, max: '60s' } as const

/** Sends one message through the running node and prints its outcome. @throws UsageError, CommloopError */
export async function sendMessage(request: SendRequest, io: PayloadIo): Promise<number> {
  const waitMs = durationValue('--timeout', request.timeout, TIMEOUT)
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
      ...(to === undefined ? {} : { to: linkRef(to) }),
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
