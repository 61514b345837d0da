import type { Call, ControlApp } from './control-app.js'
import { type MessageFields, NO_FIELDS } from '../json/message-fields.js'
import { CONTROL_LIMITS } from './control-limits.js'
import type { ControlledNode } from './controlled-node.js'
import { EventSubscription, type SubscriptionRequest } from './event-subscription.js'
import { EVENT_TYPES, type EventType } from './event-types.js'
import { linkFilter } from './link-filter.js'
import { RequestRefused } from './request-refused.js'
import { endResponseDeadline } from './response-deadline.js'

const PARAMETERS = ['types', 'link', 'payload'] as const
const TYPES_DEFAULT = EVENT_TYPES.filter((type) => type !== 'message')

/** @param subscriptions those that are open; the route adds and removes its own */
export function addEventRoute(
  app: ControlApp,
  { node, fields = NO_FIELDS }: ControlledNode,
  subscriptions: Set<EventSubscription>,
): void {
  app.get('/v1/events', (call) => {
    const request = requestOf(call, node, fields)
    if (subscriptions.size >= CONTROL_LIMITS.eventStreams) {
      const limit = String(CONTROL_LIMITS.eventStreams)
      throw new RequestRefused(503, `too many event streams (limit ${limit})`)
    }
    const { socket } = call.env.incoming
    const subscription: EventSubscription = new EventSubscription(
      node,
      request,
      () => subscriptions.delete(subscription),
      () => socket.destroy(),
    )
    subscriptions.add(subscription)
    socket.setTimeout(0)
    endResponseDeadline(call.env.outgoing)
    return call.body(subscription.stream.body, 200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      // Without this header, node-server holds the response back until it knows whether the body is short.
      'Transfer-Encoding': 'chunked',
    })
  })
}

/** @throws RequestRefused 400; CommloopError CML_ERR_LINK_UNKNOWN */
function requestOf(
  call: Call,
  node: ControlledNode['node'],
  fields: MessageFields,
): SubscriptionRequest {
  const { types, link, payload = 'none' } = queryOf(call)
  if (payload !== 'none' && payload !== 'base64' && payload !== 'fields')
    throw new RequestRefused(400, `payload: expected none, base64 or fields, found "${payload}"`)
  return {
    types: typesOf(types),
    includes: link === undefined ? () => true : linkFilter(node, link),
    payloads: payload === 'fields' ? fields : payload === 'base64',
  }
}

function typesOf(text: string | undefined): ReadonlySet<EventType> {
  if (text === undefined) return new Set(TYPES_DEFAULT)
  return new Set(
    text.split(',').map((word) => {
      const type = EVENT_TYPES.find((candidate) => candidate === word)
      if (type !== undefined) return type
      const known = EVENT_TYPES.join(', ')
      throw new RequestRefused(400, `types: expected some of ${known}, found "${word}"`)
    }),
  )
}

function queryOf(call: Call): Partial<Record<(typeof PARAMETERS)[number], string>> {
  const query = call.req.query()
  const unknown = Object.keys(query).find((key) => !PARAMETERS.some((name) => name === key))
  if (unknown === undefined) return query
  const known = PARAMETERS.join(', ')
  throw new RequestRefused(400, `"${unknown}": unknown parameter; expected ${known}`)
}
