import { isUtf8 } from 'node:buffer'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { EXIT } from '../command-line/exit-codes.js'
import { visibleText } from '../terminal/escape-control-chars.js'
import { StopSignals } from '../command-line/stop-signals.js'
import { hexLines } from '../running-node/hex-lines.js'
import { type NodeRequest, runningNode } from '../running-node/running-node.js'

export interface TailRequest extends NodeRequest {
  readonly link: string | undefined
  readonly hex: boolean
  readonly json: boolean
}

/** A `message`, `gap` or `end` of the control API. */
interface TailEvent {
  readonly type: string
  readonly direction?: 'received' | 'sent'
  readonly link?: string
  readonly epoch?: number
  readonly bytes?: number
  readonly base64?: string
  readonly count?: number
}

/** `commloop tail`: messages as they pass, both ways, until the node stops or somebody has seen enough. */
export async function tailCommand(
  request: TailRequest,
  io: { readonly stdout: Writable; readonly stderr: Writable },
): Promise<number> {
  const client = await runningNode(request)
  const { link, json } = request
  const filter = link === undefined ? '' : `&link=${encodeURIComponent(link)}`
  const enough = new AbortController()
  const stop = (): void => {
    enough.abort()
  }
  const signals = new StopSignals(stop, stop)
  io.stdout.on('error', stop)
  const path = `/v1/events?types=message&payload=base64${filter}`
  try {
    for await (const data of client.events(path, enough.signal)) {
      const event = JSON.parse(data) as TailEvent
      if (event.type === 'ready') {
        if (!json) io.stderr.write(`messages of ${link ?? 'all links'}; Ctrl-C ends it\n`)
        continue
      }
      if (event.type === 'end') break
      const text = json ? `${data}\n` : eventText(event, request.hex)
      // Whoever does not read makes us wait, and the node count what we miss.
      if (!io.stdout.write(text)) await drained(io.stdout, enough.signal)
    }
  } catch (error) {
    if (!enough.signal.aborted) throw error
  } finally {
    signals.close()
  }
  if (!enough.signal.aborted) io.stderr.write('the node has stopped\n')
  return EXIT.OK
}

async function drained(stdout: Writable, signal: AbortSignal): Promise<void> {
  await once(stdout, 'drain', { signal }).catch(() => undefined)
}

function eventText(event: TailEvent, hex: boolean): string {
  if (event.type === 'gap')
    return `… ${String(event.count ?? 0)} messages not shown: too many to follow\n`
  const { direction, link = '', epoch = 0, bytes = 0, base64 = '' } = event
  const time = new Date().toISOString().slice(11, 23)
  const arrow = direction === 'sent' ? '→' : '←'
  const head = `${time} ${arrow} ${visibleText(link)}#${String(epoch)} ${String(bytes)} B`
  const payload = Buffer.from(base64, 'base64')
  if (payload.length === 0) return `${head}\n`
  if (!hex && isUtf8(payload)) return `${head}  ${visibleText(payload.toString('utf8'))}\n`
  return `${head}\n${hexLines(payload)}\n`
}
