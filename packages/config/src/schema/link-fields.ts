import { z } from 'zod'
import {
  choice,
  COUNT_MAX,
  count,
  duration,
  durationOr,
  expecting,
  field,
  type FieldText,
  requiredDuration,
  size,
  sizeSchemas,
  text,
} from './fields.js'

/** `name`, `./path` or `{ use: name, ...options }`; the options are the plugin's own, and checked by it. */
export function pluginSpec(note: FieldText) {
  const name = z.string(expecting('a name or a path')).min(1, expecting('a name or a path'))
  const schema = z.union(
    [name, z.looseObject({ use: name })],
    expecting('a name, a path, or { use: <name>, …options }'),
  )
  return field(schema, {
    type: 'plugin',
    limits: 'a name, a path, or `{ use: <name>, …options }`',
    ...note,
  })
}

/** Bounds of a queue by number and by bytes. */
export function queueLimits(
  standard: { readonly messages: string; readonly bytes: string },
  note: FieldText,
) {
  const schema = z.strictObject(queueShape(standard), expecting('{ messages, bytes }'))
  return field(schema, { type: 'map', limits: '', ...note })
}

function queueShape(standard: { readonly messages: string; readonly bytes: string }) {
  return {
    messages: count(
      { min: 1, max: COUNT_MAX },
      { standard: standard.messages, text: 'Most messages at once.' },
    ),
    bytes: size({ standard: standard.bytes, text: 'Most bytes at once.' }),
  }
}

/** RFC 4648 section 4, padded. */
const BASE64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

const bytesSchema = z.union(
  [
    z.string(),
    z.strictObject({
      hex: z
        .string(expecting('pairs of hexadecimal digits'))
        .regex(/^([0-9a-fA-F]{2})*$/, expecting('pairs of hexadecimal digits')),
    }),
    z.strictObject({ base64: z.string(expecting('base64')).regex(BASE64, expecting('base64')) }),
  ],
  expecting('a text, { hex: … } or { base64: … }'),
)

const OUTBOX_WORDS = 'a size such as 16MiB, or { messages, bytes }'

const heartbeatSchema = z.strictObject(
  {
    every: requiredDuration({
      standard: 'an error, where there is a heartbeat',
      text: 'Sent when nothing else was sent for so long.',
      examples: ['10s'],
    }),
    payload: field(bytesSchema, {
      type: 'bytes',
      standard: 'an empty frame',
      limits: 'a text, `{ hex: … }` or `{ base64: … }`',
      text: 'What a heartbeat carries. Frames received with the same content are not shown as messages.',
    }),
    answer: field(bytesSchema, {
      type: 'bytes',
      standard: 'heartbeats are not answered',
      limits: 'other than `payload`',
      text: 'Sent back for each heartbeat received. Two nodes that answer a frame with the same frame would never stop.',
    }),
  },
  expecting('{ every, payload, answer } or "off"'),
)

/** What may stand at the top for every entry, and in an entry for its own links. */
export const linkFields = {
  bind: text('an IP address', {
    standard: 'the system chooses',
    limits: 'an IP address of this machine',
    text: 'Source address of dials. Peers that tell us by our address need a fixed one.',
    examples: ['192.168.0.1'],
  }),
  codec: pluginSpec({
    standard: '`len16`',
    text: 'Turns payloads into frames and back. Both ends must agree.',
    examples: ['len16', { use: 'len16', byteOrder: 'little' }],
  }),
  reconnect: pluginSpec({
    standard: '`exponential`',
    text: 'When to dial again after a failure, and when to give up.',
    examples: ['exponential', { use: 'exponential', max: '1m', maxAttempts: 0 }],
  }),
  outbox: field(
    z.union(
      [
        ...sizeSchemas(OUTBOX_WORDS),
        z.strictObject(queueShape({ messages: '100 000', bytes: '`16MiB`' }), expecting('a map')),
      ],
      expecting(OUTBOX_WORDS),
    ),
    {
      type: 'size, or a map',
      standard: '`16MiB` and 100 000 messages',
      limits: 'a bare size bounds the bytes',
      text: 'Bound of each link’s queue, counting 64 bytes for each message. What is accepted above it would cost the memory of the node.',
      examples: ['16MiB', { messages: 1000, bytes: '4MiB' }],
    },
  ),
  highWaterMark: size({
    standard: '`1MiB`',
    limits: 'at most the outbox’s bytes',
    text: 'Queue level above which `send` answers false; `drain` comes at half of it.',
  }),
  overflow: choice(['reject', 'drop-oldest'], {
    standard: '`reject`',
    text: 'What happens at the hard limit: the newcomer is refused, or the oldest messages that are not being written are given up.',
  }),
  onLoss: choice(['resend', 'drop'], {
    standard: '`resend`',
    text: 'A write that nobody confirmed when its connection was lost: sent again (the peer may see it twice) or given up.',
  }),
  ttl: durationOr(['none'], {
    standard: '`none`',
    text: 'How long a message stays worth sending, counted from acceptance. It is never begun after it.',
  }),
  heartbeat: field(
    z.union([z.literal('off'), heartbeatSchema], expecting('{ every, payload, answer } or "off"')),
    {
      type: 'map, or `off`',
      standard: '`off`',
      limits: '',
      text: 'Frames that show life. Only peers that expect them may get them.',
      examples: [{ every: '10s' }],
    },
  ),
  silence: durationOr(['off'], {
    standard: '3 × `heartbeat.every` where there is a heartbeat, else `off`',
    limits: 'more than `heartbeat.every`',
    text: 'A connection from which nothing came for so long is dead.',
  }),
  stall: duration({
    standard: '`30s`',
    text: 'How long one write of at most 128 KiB may take; 0: for ever. A peer that reads nothing must not hold a link for ever.',
  }),
  partialFrame: duration({
    standard: '`10s`',
    text: 'How long a frame may take from its first byte to its last; 0: for ever.',
  }),
  halfClose: durationOr(['close', 'serve'], {
    standard: '`close` where the link stands for one peer, else `serve`',
    text: 'After the peer’s FIN: close at once, or go on sending for 2 s or for this long. A restarting server sends FIN, and what is written to it then is lost; a client that only asks sends FIN and waits for its reply.',
  }),
  linger: duration({
    standard: '`1s`',
    text: 'After our FIN, how long we read on until the peer’s. Closing with unread bytes resets the connection, and the peer loses what it had not read.',
  }),
  connectTimeout: duration({
    standard: '`10s`',
    text: 'For everything until a dialled connection can carry bytes: name, TCP and TLS.',
  }),
  probation: duration({
    standard: '`1s`',
    text: 'After a connection that ended without a sign of life, how long the next one is watched before the queue is written into it.',
  }),
  stableAfter: duration({
    standard: '`5s`',
    text: 'A connection that is up for so long has proved itself, and the count of attempts begins anew; so has one that brought a whole frame.',
  }),
  rearmAfter: duration({
    standard: '`5m`',
    text: 'When an exhausted link begins a new round of attempts by itself; 0: never.',
  }),
  holdDown: duration({
    standard: '`30s`',
    text: 'After a newcomer replaced a connection from the same address, how long no other may. Keeps two machines with one address from taking turns.',
  }),
}
