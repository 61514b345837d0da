import { isUtf8 } from 'node:buffer'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { visibleJson, visibleText } from '@commloop/core'
import { EXIT } from '../command-line/exit-codes.js'
import type { NodeRequest } from '../command-line/node-command.js'
import { StopSignals } from '../command-line/stop-signals.js'
import type { TextOutput } from '../terminal/text-output.js'
import { hexLines } from './hex-lines.js'
import { runningNode } from './running-node.js'

export interface FollowRequest extends NodeRequest {
  readonly link: string | undefined
  readonly hex: boolean
  readonly json: boolean
}

/** A `message`, `gap` or `end` event of the control API. */
interface FollowedEvent {
  readonly type: string
  readonly direction?: 'received' | 'sent'
  readonly link?: string
  readonly epoch?: number
  readonly bytes?: number
  readonly base64?: string
  readonly count?: number
}

/** Prints messages of both directions until the node stops, a stop signal arrives or stdout is closed. */
export async function followMessages(
  request: FollowRequest,
  io: { readonly stdout: TextOutput; readonly stderr: TextOutput },
): Promise<number> {
  const client = await runningNode(request)
  const { link, json } = request
  const filter = link === undefined ? '' : `&link=${encodeURIComponent(link)}`
  const aborter = new AbortController()
  const stop = (): void => {
    aborter.abort()
  }
  const signals = new StopSignals(stop, stop)
  io.stdout.raw.on('error', stop)
  const path = `/v1/events?types=message&payload=base64${filter}`
  try {
    for await (const data of client.events(path, aborter.signal)) {
      const event = JSON.parse(data) as FollowedEvent
      if (event.type === 'ready') {
        if (!json)
          io.stderr.write(`messages of ${visibleText(link ?? 'all links')}; Ctrl-C stops\n`)
        continue
      }
      if (event.type === 'end') break
      const text = json ? `${visibleJson(event)}\n` : eventText(event, request.hex)
      // Backpressure: the node counts the messages that this process does not read, as a gap.
      if (!io.stdout.write(text)) await drained(io.stdout.raw, aborter.signal)
    }
  } catch (error) {
    if (!aborter.signal.aborted) throw error
  } finally {
    signals.close()
  }
  if (!aborter.signal.aborted) io.stderr.write('the node has stopped\n')
  return EXIT.OK
}

async function drained(stdout: Writable, signal: AbortSignal): Promise<void> {
  await once(stdout, 'drain', { signal }).catch(() => undefined)
}

function eventText(event: FollowedEvent, hex: boolean): string {
  if (event.type === 'gap')
    return `… ${String(event.count ?? 0)} messages not shown: output too slow\n`
  const { direction, link = '', epoch = 0, bytes = 0, base64 = '' } = event
  const time = new Date().toISOString().slice(11, 23)
  const arrow = direction === 'sent' ? '→' : '←'
  const head = `${time} ${arrow} ${link}#${String(epoch)} ${String(bytes)} B`
  const payload = Buffer.from(base64, 'base64')
  const asText = payload.length > 0 && !hex && isUtf8(payload)
  const line = asText ? `${head}  ${payload.toString('utf8')}` : head
  const dump = asText || payload.length === 0 ? '' : `${hexLines(payload)}\n`
  return `${visibleText(line)}\n${dump}`
}
