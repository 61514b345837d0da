import { isUtf8 } from 'node:buffer'
import {
  type Address,
  addressText,
  type ErrorCode,
  type LinkChange,
  type ListenerState,
  type NodeEvents,
  type OutcomeEvent,
  type ReceivedMessage,
  type TrafficMessage,
  visibleJson,
} from '@commloop/core'

/**
 * One JSON line, in which the characters that a terminal or a splitter of lines would act on are escaped. The order of the
 * keys is that of `fields`, and undefined fields are left out.
 */
function line(fields: Readonly<Record<string, unknown>>): string {
  return `${visibleJson(fields)}\n`
}

/** @param listeners named in the line if there are several */
export function readyLine(
  node: string,
  listen: Address | undefined,
  listeners: readonly ListenerState[] = [],
): string {
  const place = listen === undefined ? undefined : { host: listen.ip, port: listen.port }
  const all = listeners.map(({ name, at, open }) => ({ name, host: at.ip, port: at.port, open }))
  return line({ type: 'ready', node, listen: place, listeners: all.length > 1 ? all : undefined })
}

export function linkLine(change: LinkChange): string {
  const { link, state, epoch, remote, proxy, listener, reason, code, attempt, delayMs } = change
  return line({
    type: 'link',
    link,
    state,
    epoch,
    remote: remote === undefined ? undefined : addressText(remote),
    proxy: proxy === undefined ? undefined : addressText(proxy),
    listener,
    reason,
    code,
    attempt,
    delayMs: delayMs === undefined ? undefined : Math.round(delayMs),
  })
}

export function outcomeLine({ id, outcome, link, reason, code, count }: OutcomeEvent): string {
  return line({
    type: 'outcome',
    id,
    outcome,
    link,
    reason,
    code,
    // An outcome with an id stands for one copy.
    count: id === undefined ? count : undefined,
  })
}

export function rejectedLine({ remote, reason, code, count }: NodeEvents['rejected']): string {
  return line({ type: 'rejected', remote, reason, code, count })
}

export function auditLine({ findings }: NodeEvents['audit']): string {
  return line({ type: 'audit', findings })
}

export function warningLine({ code, message }: NodeEvents['warning']): string {
  return line({ type: 'warning', code, message })
}

/** A message in either direction, with its payload only if `withPayload` is true. */
export function trafficLine(message: TrafficMessage, withPayload: boolean): string {
  const { direction, link, epoch, payload, id } = message
  return line({
    type: 'message',
    direction,
    link,
    epoch,
    id,
    bytes: payload.byteLength,
    base64: withPayload ? bufferOf(payload).toString('base64') : undefined,
  })
}

export interface LineError {
  readonly code: ErrorCode
  readonly message: string
  /** Number of the input line, from 1. */
  readonly line: number
  readonly id: string | undefined
}

export function errorLine(error: LineError): string {
  return line({
    type: 'error',
    code: error.code,
    message: error.message,
    line: error.line,
    id: error.id,
  })
}

/** Formats the answers to requests. */
export class AnswerLines {
  readonly #asText: boolean

  /** @param asText as in `MessageLines` */
  constructor(asText: boolean) {
    this.#asText = asText
  }

  of(id: string | undefined, { payload, link, epoch }: ReceivedMessage): string {
    const bytes = bufferOf(payload)
    const told =
      this.#asText && isUtf8(payload)
        ? { payload: bytes.toString('utf8') }
        : { base64: bytes.toString('base64') }
    return line({ type: 'answer', id, link, epoch, ...told })
  }
}

/** The beginnings of lines that are kept. If a table that changes had more links since, they are made again. */
const HEADS_MAX = 10_000

/** Formats received messages. They are by far the most lines, so they are joined from parts instead of objects. */
export class MessageLines {
  readonly #asText: boolean
  readonly #heads = new Map<string, string>()

  /** @param asText true: `payload` if the bytes are valid UTF-8, else `base64`; false: always `base64` */
  constructor(asText: boolean) {
    this.#asText = asText
  }

  of({ payload, link, epoch }: ReceivedMessage): string {
    const head = `${this.#head(link)}${String(epoch)}`
    if (this.#asText && isUtf8(payload)) {
      return `${head},"payload":${visibleJson(bufferOf(payload).toString('utf8'))}}\n`
    }
    return `${head},"base64":"${bufferOf(payload).toString('base64')}"}\n`
  }

  /** The part before the epoch, which is the same for every message of a link. */
  #head(link: string): string {
    const known = this.#heads.get(link)
    if (known !== undefined) return known
    const head = `{"type":"message","link":${visibleJson(link)},"epoch":`
    if (this.#heads.size >= HEADS_MAX) this.#heads.clear()
    this.#heads.set(link, head)
    return head
  }
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
