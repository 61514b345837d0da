import { Readable } from 'node:stream'
import {
  CommloopError,
  durationMs,
  type LinkHandle,
  type Logger,
  nearest,
  type Node,
} from '@commloop/core'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { METRICS_CONTENT_TYPE } from '@commloop/metrics'
import { readSendFields, type SendRequest } from '../json/send-json.js'
import type { Availability } from '../status/availability.js'
import { RequestRefused, statusOf } from './control-error.js'
import { CONTROL_LIMITS } from './control-limits.js'
import { EVENT_TYPES, type EventType, EventWatch } from './event-subscription.js'
import { HandSends } from './operator-send.js'
import { linkStatuses, type NodeFacts, nodeStatus, statusOfLink } from '../status/node-status.js'
import { withMeantLink } from './suggest-link.js'

/** What the API shows and does. */
export interface ControlledNode {
  readonly node: Node
  readonly facts: NodeFacts
  readonly attendance: Availability
  readonly logger: Logger
  /** The largest payload that any link takes. */
  readonly payloadBytesMax: () => number
  /** Metrics as text, made part by part. */
  readonly metrics: () => AsyncIterable<string>
  /**
   * Reads the configuration again and touches what changed; the answer is shown as it is. Rejects with a CommloopError
   * where nothing was changed.
   */
  readonly reload: () => Promise<object>
}

export interface ControlApi {
  readonly app: ControlApp
  /** Tells readers of events that the node has stopped. */
  end(): void
}

export type ControlApp = Hono<{ Bindings: HttpBindings }>
type Call = Context<{ Bindings: HttpBindings }>

const TIMEOUT_MS_DEFAULT = 5_000
/** A payload in JSON is at most six times as long, when each byte is escaped. */
const JSON_FACTOR = 6
const REST_BYTES = 64 * 1024

/** The control API over one node; `docs/control-api.md` is its contract. */
export function controlApi(controlled: ControlledNode): ControlApi {
  const app: ControlApp = new Hono()
  const watches = new Set<EventWatch>()
  addViews(app, controlled)
  addEvents(app, controlled, watches)
  addSend(app, controlled)
  addLinkCommands(app, controlled)
  app.post('/v1/reload', async (call) => call.json(await controlled.reload()))
  app.notFound((call) => refusal(call, unknownRequest(app, call)))
  app.onError((error, call) => {
    if (CommloopError.is(error)) return refusal(call, error)
    controlled.logger.error({ err: error }, `control: ${error.message}`)
    return refusal(call, new RequestRefused(500, `unexpected: ${error.message}`))
  })
  return {
    app,
    end: () => {
      for (const watch of watches) watch.end()
    },
  }
}

function refusal(call: Call, error: CommloopError): Response {
  const { code, message } = error
  return call.json({ error: { code, message } }, statusOf(error))
}

function unknownRequest(app: ControlApp, call: Call): RequestRefused {
  const { method, path } = call.req
  const known = [...new Set(app.routes.map((route) => `${route.method} ${route.path}`))]
  const meant = nearest(`${method} ${path}`, known)
  const guess = meant === undefined ? `There is: ${known.join(', ')}` : `Did you mean ${meant}?`
  return new RequestRefused(404, `no request ${method} ${path}. ${guess}`)
}

// ── looking ─────────────────────────────────────────────────────────────────────────────────────────────────

function addViews(app: ControlApp, { node, facts, attendance, metrics }: ControlledNode): void {
  app.get('/v1/status', (call) => call.json(nodeStatus(node, facts, attendance)))
  app.get('/v1/links', (call) => call.json({ links: linkStatuses(node) }))
  app.get('/v1/links/:id', (call) => call.json(statusOfLink(node, linkOf(node, call))))
  app.get('/v1/metrics', (call) =>
    // A large table is many lines: made as they are read, not at once.
    call.body(Readable.toWeb(Readable.from(metrics())) as ReadableStream, 200, {
      'Content-Type': METRICS_CONTENT_TYPE,
    }),
  )
}

/** @throws CommloopError CML_ERR_LINK_UNKNOWN, CML_ERR_LINK_AMBIGUOUS */
function linkOf(node: Node, call: Call): LinkHandle {
  const ref = call.req.param('id') ?? ''
  try {
    return node.link(/^\d+$/.test(ref) ? Number(ref) : ref)
  } catch (error) {
    throw withMeantLink(error, ref, node)
  }
}

// ── events ──────────────────────────────────────────────────────────────────────────────────────────────────

const TYPES_DEFAULT = EVENT_TYPES.filter((type) => type !== 'message')

function addEvents(app: ControlApp, { node }: ControlledNode, watches: Set<EventWatch>): void {
  app.get('/v1/events', (call) => {
    const { types, link, payload = 'none' } = queryOf(call, ['types', 'link', 'payload'])
    if (payload !== 'none' && payload !== 'base64')
      throw new RequestRefused(400, `payload: expected none or base64, found "${payload}"`)
    const concerns = link === undefined ? () => true : linkFilter(node, link)
    const request = { types: typesOf(types), concerns, payloads: payload === 'base64' }
    if (watches.size >= CONTROL_LIMITS.eventStreams) {
      const most = String(CONTROL_LIMITS.eventStreams)
      throw new RequestRefused(503, `${most} clients read events already, which is the most`)
    }
    const watch: EventWatch = new EventWatch(node, request, () => watches.delete(watch))
    watches.add(watch)
    call.env.incoming.socket.setTimeout(0)
    return call.body(watch.feed.stream, 200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      // Without it the response is held back until it is clear whether it is a short one.
      'Transfer-Encoding': 'chunked',
    })
  })
}

function typesOf(text: string | undefined): ReadonlySet<EventType> {
  if (text === undefined) return new Set(TYPES_DEFAULT)
  return new Set(
    text.split(',').map((word) => {
      const type = EVENT_TYPES.find((candidate) => candidate === word)
      if (type !== undefined) return type
      throw new RequestRefused(
        400,
        `types: expected some of ${EVENT_TYPES.join(', ')}, found "${word}"`,
      )
    }),
  )
}

/** A link, or all of an entry: `cell/2`, `cell`, `cell/*`, or the position of the entry. */
function linkFilter(node: Node, ref: string): (link: string) => boolean {
  const name = ref.replace(/\/\*$/, '')
  const index = /^\d+$/.test(name) ? Number(name) : -1
  const entryId = node.config.entries.find(({ id, index: at }) => id === name || at === index)?.id
  const wanted = node.links().filter(({ id, entry }) => id === name || entry === entryId)
  if (wanted.length === 0) {
    const unknown = new CommloopError('CML_ERR_LINK_UNKNOWN', `no link "${ref}" in the table`)
    throw withMeantLink(unknown, ref, node)
  }
  const ids = new Set(wanted.map(({ id }) => id))
  return (link) => ids.has(link)
}

/** @throws RequestRefused for a parameter that is not among `names` */
function queryOf<Name extends string>(
  call: Call,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const query = call.req.query()
  const unknown = Object.keys(query).find((key) => !names.some((name) => name === key))
  if (unknown === undefined) return query as Partial<Record<Name, string>>
  throw new RequestRefused(400, `"${unknown}": unknown parameter; there is ${names.join(', ')}`)
}

// ── doing ───────────────────────────────────────────────────────────────────────────────────────────────────

function addSend(app: ControlApp, { node, payloadBytesMax }: ControlledNode): void {
  const sends = new HandSends(node)
  app.post('/v1/send', async (call) => {
    const text = await bodyText(call, JSON_FACTOR * payloadBytesMax() + REST_BYTES)
    const { request, waitMs } = sendBody(text)
    call.env.incoming.socket.setTimeout(0)
    const copies = await sends.send(request, waitMs).catch((error: unknown) => {
      throw withMeantLink(error, request.options.to, node)
    })
    call.env.incoming.socket.setTimeout(CONTROL_LIMITS.idleMs)
    return call.json({ written: copies.every(({ outcome }) => outcome === 'written'), copies })
  })
}

/** @throws RequestRefused where it is too long, or its sender is gone before its end */
async function bodyText(call: Call, bytesMax: number): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  try {
    // Not destroyed with its reader: whoever sends too much is to read why.
    const body = call.env.incoming.iterator({ destroyOnReturn: false })
    for await (const part of body as AsyncIterable<Buffer>) {
      bytes += part.byteLength
      if (bytes > bytesMax) break
      parts.push(part)
    }
  } catch (error) {
    throw new RequestRefused(400, `the request broke off: ${String(error)}`)
  }
  if (bytes <= bytesMax) return Buffer.concat(parts).toString('utf8')
  throw new RequestRefused(413, `the request is longer than ${String(bytesMax)} bytes`)
}

/** The keys of an input line of `run --stdio` but `id`, and `timeout`. */
function sendBody(text: string): { request: SendRequest; waitMs: number } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw invalid(`not valid JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('expected an object')
  const { timeout, ...fields } = value as Record<string, unknown>
  if ('id' in fields) throw invalid('"id": the answer to this request is the outcome; leave it out')
  const request = readSendFields(fields)
  if ('problem' in request) throw invalid(request.problem)
  return { request, waitMs: timeoutMs(timeout) }
}

function timeoutMs(timeout: unknown): number {
  if (timeout === undefined) return TIMEOUT_MS_DEFAULT
  const ms =
    typeof timeout === 'string' || typeof timeout === 'number' ? durationMs(timeout) : undefined
  if (ms !== undefined && ms > 0 && ms <= CONTROL_LIMITS.sendMs) return ms
  const most = String(CONTROL_LIMITS.sendMs / 1000)
  throw invalid(
    `timeout: expected a duration above 0, up to ${most}s, found ${JSON.stringify(timeout)}`,
  )
}

function invalid(message: string): CommloopError {
  return new CommloopError('CML_ERR_INPUT_INVALID', message)
}

function addLinkCommands(app: ControlApp, { node, logger }: ControlledNode): void {
  const add = (name: string, act: (link: LinkHandle) => void): void => {
    app.post(`/v1/links/:id/${name}`, (call) => {
      const link = linkOf(node, call)
      logger.info(
        { link: link.id, command: name },
        `${link.id}: ${name}, asked for at the control socket`,
      )
      act(link)
      return call.json(statusOfLink(node, link))
    })
  }
  add('dial', (link) => {
    if (!link.dial()) throw new RequestRefused(409, whyNotDialled(link))
  })
  add('close', (link) => {
    if (link.remote === undefined)
      throw new RequestRefused(409, `${link.id} is not up: it is ${link.state}`)
    link.close()
  })
  add('disable', (link) => {
    link.disable()
  })
  add('enable', (link) => {
    link.enable()
  })
}

function whyNotDialled({ id, role, enabled, state }: LinkHandle): string {
  if (role === 'passive') return `${id} is passive: its peer dials us`
  return enabled ? `${id} is ${state}` : `${id} is disabled: enable it first`
}
