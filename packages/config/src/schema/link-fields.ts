import { z } from 'zod'
import {
  choice,
  COUNT_MAX,
  count,
  duration,
  durationOr,
  durationSchemas,
  expecting,
  field,
  type FieldText,
  size,
  sizeSchemas,
  text,
} from './fields.js'
import { entryPluginFields } from './plugin-fields.js'

/** Limits of a queue, by number and by bytes. */
export function queueLimits(
  defaults: { readonly messages: string; readonly bytes: string },
  note: FieldText,
) {
  const schema = z.strictObject(queueShape(defaults), expecting('{ messages, bytes }'))
  return field(schema, { type: 'map', limits: '', ...note })
}

function queueShape(defaults: { readonly messages: string; readonly bytes: string }) {
  return {
    messages: count(
      { min: 1, max: COUNT_MAX },
      { default: defaults.messages, text: 'Most messages in the queue.' },
    ),
    bytes: size({ default: defaults.bytes, text: 'Most bytes in the queue.' }),
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

const HEARTBEAT_WORDS = 'a duration, { every, payload, answer }, { echo } or "off"'

const heartbeatSchema = z.strictObject(
  {
    every: duration({
      default: 'none; required without `echo`',
      limits: 'above 0, up to 24.8 days',
      text: 'A heartbeat is sent if nothing else was sent for this long.',
      examples: ['10s'],
    }),
    payload: field(bytesSchema, {
      type: 'bytes',
      default: 'an empty frame',
      limits: 'a text, `{ hex: … }` or `{ base64: … }`',
      text: 'The payload of a heartbeat. Received frames with the same payload are not emitted as messages.',
    }),
    answer: field(bytesSchema, {
      type: 'bytes',
      default: 'heartbeats are not answered',
      limits: 'other than `payload`',
      text: 'The payload of the answer to each received heartbeat. It must differ: two nodes that answer a frame with the same frame would never stop.',
    }),
    echo: field(bytesSchema, {
      type: 'bytes',
      default: 'nothing is echoed',
      limits: 'instead of the other keys',
      text: 'For peers that poll and want the same frame back: a received frame with this payload is not a message, and is answered with itself, at most once in 100 ms. The node never sends it by itself.',
    }),
  },
  expecting(HEARTBEAT_WORDS),
)

const addressesSchema = z.strictObject(
  {
    order: choice(['rotate', 'prefer-first'], {
      default: '`rotate`',
      text: 'Which address a link dials after a connection that gave a proof of life: the same one, because it works, or the first one, because it is preferred. Without a proof of life, the link always goes on with another address.',
    }),
    failBackAfter: durationOr(['off'], {
      default: '`off`',
      limits: 'only with `order: prefer-first`',
      text: 'How long after its proof of life a connection to another address is closed, to dial the first one. By default a connection that works is never closed for this.',
      examples: ['10m'],
    }),
  },
  expecting('{ order, failBackAfter }'),
)

/** Keys at the top for all entries, or in an entry for its own links. */
export const linkFields = {
  bind: text('an IP address', {
    default: 'the system chooses',
    limits: 'an IP address of this machine, with or without a port',
    text: 'Source address of dials. Set it if peers identify this node by its address. With a port, as in `192.168.0.1:5000` or `[fd00::1]:5000`, all dials come from this port, which some firewalls and old devices require.',
    examples: ['192.168.0.1', '192.168.0.1:5000'],
  }),
  addresses: field(addressesSchema, {
    type: 'map',
    default: '`{ order: rotate, failBackAfter: off }`',
    limits: '',
    text: 'How a link dials a peer that has several addresses.',
    examples: [{ order: 'prefer-first' }],
  }),
  ...entryPluginFields,
  openTimeout: duration({
    default: '`10s`',
    text: 'With an `opening`: a connection whose opening is not over after this time ends, and an active link dials again; 0: no limit.',
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
      default: '`16MiB` and 100 000 messages',
      limits: 'a size without a map limits the bytes',
      text: 'Limit of the queue of each link, which counts 256 bytes extra per message, for the objects that hold it. It bounds the memory of the node.',
      examples: ['16MiB', { messages: 1000, bytes: '4MiB' }],
    },
  ),
  highWaterMark: size({
    default: '`1MiB`',
    limits: 'at most the bytes of `outbox`',
    text: 'Queue level above which `send` returns false. `drain` is emitted at half of it.',
  }),
  overflow: choice(['reject', 'drop-oldest'], {
    default: '`reject`',
    text: 'What happens if the queue is full: the new message is rejected, or the oldest messages that are not being written are dropped.',
  }),
  onLoss: choice(['resend', 'drop'], {
    default: '`resend`',
    text: 'What happens to unconfirmed messages of a lost connection: they are sent again, and the peer may receive them twice, or they are dropped.',
  }),
  ttl: durationOr(['none'], {
    default: '`none`',
    text: 'How long a message may wait after `send`. After that it is not written.',
  }),
  heartbeat: field(
    z.union(
      [z.literal('off'), ...durationSchemas(HEARTBEAT_WORDS), heartbeatSchema],
      expecting(HEARTBEAT_WORDS),
    ),
    {
      type: 'duration, map, or `off`',
      default: '`off`',
      limits: '',
      text: 'Frames that show that this node is alive. Enable them only for peers that expect them. A duration alone stands for `every`, with the payload and the answer that the protocol of the codec defines, or with an empty frame.',
      examples: [{ every: '10s' }, '20s'],
    },
  ),
  silence: durationOr(['off'], {
    default: '3 × `heartbeat.every`, or `off` without a heartbeat',
    limits: 'more than `heartbeat.every`',
    text: 'Closes a connection on which nothing was received for this long.',
  }),
  stall: duration({
    default: '`30s`',
    text: 'How long one write of at most 128 KiB may take; 0: no limit. Without a limit, a peer that does not read would block the link for ever.',
  }),
  unacknowledgedMax: duration({
    default: '`30s`',
    text: 'Linux only: ends a connection if the operating system of the peer has acknowledged nothing for this long, although bytes were sent; 0: off. Detects a cut cable that no write notices, because small messages fit into the send buffer of the kernel for many minutes. The node ends the connection at the latest after twice this duration.',
  }),
  partialFrame: duration({
    default: '`10s`',
    text: 'How long a frame may take from its first byte to its last; 0: no limit.',
  }),
  halfClose: durationOr(['close', 'serve'], {
    default: '`close` if the link is for one peer, else `serve`',
    text: 'After the peer’s FIN: close immediately, or continue to send for 2 s or for this long. A restarting server sends FIN and loses what is written to it afterwards. A client may send FIN after its request and still wait for the reply.',
  }),
  heldFor: duration({
    default: '`5m`',
    text: 'If the peer ends the connection while the link is held (a pause, a full iterator or a relay to a slow link): how long the messages that were received before wait for the end of the hold; 0: no limit. The time counts only while nothing is taken.',
  }),
  linger: duration({
    default: '`1s`',
    text: 'How long the node continues to read after its own FIN, until the peer’s FIN. Closing with unread bytes resets the connection, and the peer loses data that it has not read.',
  }),
  connectTimeout: duration({
    default: '`10s`',
    text: 'Limit for a dial: name lookup, TCP and TLS together.',
  }),
  ready: choice(['connected', 'frame', 'stable', 'opening'], {
    default: '`opening` if the link has an opening, else `connected`',
    text: 'When the link is up and writes its queue: as soon as the connection is open, when the peer has sent a complete frame, or when the connection has been open for `stableAfter`. A proxy accepts the connection although the machine behind it is down, and swallows what is written: choose `frame` if the peer sends frames or heartbeats by itself, else `stable`. A link with an opening is up when the opening says so, and the other values have no effect on it.',
  }),
  readyTimeout: duration({
    default: '`30s`',
    text: 'With `ready: frame`: a connection whose peer sends no complete frame for this long ends, and an active link dials again; 0: no limit.',
  }),
  probation: duration({
    default: '`1s`',
    text: 'If the last connection ended without a sign of life: how long the next one must stay open before the queue is written to it.',
  }),
  stableAfter: duration({
    default: '`5s`',
    text: 'A connection that stays up for this long, or receives a complete frame, resets the count of attempts.',
  }),
  rearmAfter: duration({
    default: '`5m`',
    text: 'After this time an exhausted link starts a new round of attempts; 0: never.',
  }),
  holdDown: duration({
    default: '`30s`',
    text: 'After a new connection replaced one from the same address: how long no other may replace it. Prevents two machines with one address from replacing each other in turn.',
  }),
}
