import { isUtf8 } from 'node:buffer'
import { CommloopError, messageText, visibleText } from '@commloop/core'
import { durationValue } from '../command-line/duration-value.js'
import { EXIT } from '../command-line/exit-codes.js'
import type { NodeRequest } from '../command-line/node-command.js'
import { UsageError } from '../command-line/usage-error.js'
import type { TextOutput } from '../terminal/text-output.js'
import { hexLines } from './hex-lines.js'
import { linkRef, type PayloadIo, payloadOf, type PayloadSource } from './payload-source.js'
import { runningNode } from './running-node.js'

export interface AskRequest extends NodeRequest, PayloadSource {
  readonly link: string
  /** As written on the command line. */
  readonly timeout: string
  readonly json: boolean
  /** Write the bytes of the answer, and nothing else. */
  readonly raw: boolean
}

export interface AskIo extends PayloadIo {
  readonly stdout: TextOutput
}

interface Answer {
  readonly link: string
  readonly epoch: number
  readonly base64: string
}

const TIMEOUT = { minMs: 1, max: '60s' } as const

/** Asks a peer through the running node, and prints its answer. @throws UsageError, CommloopError */
export async function askPeer(request: AskRequest, io: AskIo): Promise<number> {
  const waitMs = durationValue('--timeout', request.timeout, TIMEOUT)
  if (request.raw && io.stdout.isTerminal) {
    throw new UsageError(
      '--raw writes bytes of the peer: redirect stdout to a file or another program',
    )
  }
  const question = await payloadOf(request, io)
  const client = await runningNode(request)
  const body = {
    request: { base64: question.toString('base64') },
    to: linkRef(request.link),
    timeout: waitMs,
  }
  try {
    const answer = await client.ask({ method: 'POST', path: '/v1/request', waitMs, body })
    writeAnswer(answer as Answer, request, io.stdout)
    return EXIT.OK
  } catch (error) {
    if (!CommloopError.is(error) || error.code !== 'CML_ERR_REQUEST_TIMEOUT') throw error
    io.stderr.write(`commloop: ${visibleText(messageText(error))}\n`)
    return EXIT.NO_ANSWER
  }
}

function writeAnswer(answer: Answer, { json, raw }: AskRequest, stdout: AskIo['stdout']): void {
  const bytes = Buffer.from(answer.base64, 'base64')
  if (json) stdout.write(`${JSON.stringify(answer)}\n`)
  else if (raw) stdout.writeBytes(bytes)
  else if (isUtf8(bytes)) stdout.write(`${bytes.toString()}\n`)
  else stdout.write(`${hexLines(bytes)}\n`)
}
