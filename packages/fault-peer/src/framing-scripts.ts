import type { FaultStep } from './fault-step.js'
import {
  BOTH_ROLES,
  COMES_BACK,
  endsByPartialFrame,
  type FaultScript,
  MARGIN_MS,
  PARTIAL_FRAME_OFF,
} from './fault-script.js'
import { LENGTH_MAX, wireFrame, wireHeader } from './wire-shape.js'

const FRAMES_IN_ONE_SEGMENT = 200
const EMPTY_FRAMES = 20_000
/** Bytes of 0x7f: read as a length, 32,639, so that the last of several such frames is incomplete. */
const GARBAGE_BYTES = 200_000

function patterned(bytes: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: bytes }, (_, at) => (at * 167 + 13) & 0xff))
}

/** Bytes of another protocol. Read as a length, they announce far more bytes than follow. */
function foreign(name: string, peer: string, bytes: string | Uint8Array): FaultScript {
  return {
    name,
    peer,
    node: 'ends the connection: immediately if the length is above `maxPayload`, and after `partialFrame` if it is not',
    roles: BOTH_ROLES,
    steps: (terms) => endsByPartialFrame(terms, [{ do: 'send bytes', bytes }]),
  }
}

/** Faults of the stream: wrong lengths, foreign bytes, and cuts. */
export const FRAMING_SCRIPTS: readonly FaultScript[] = [
  {
    name: 'one-byte-at-a-time',
    peer: 'sends three frames, each byte in a separate segment',
    node: 'receives them as if they had arrived whole, and keeps the connection',
    roles: BOTH_ROLES,
    steps: ({ shape }) => {
      const frames = [1, 50, 100].map((bytes) =>
        wireFrame(patterned(Math.min(bytes, shape.payloadBytesMax)), shape),
      )
      return [
        { do: 'open' },
        { do: 'send bytes', bytes: Buffer.concat(frames), paceMs: 0 },
        { do: 'expect open', forMs: 300 },
      ]
    },
  },
  {
    name: 'frames-in-one-segment',
    peer: `sends ${String(FRAMES_IN_ONE_SEGMENT)} frames in one segment`,
    node: 'receives each as a separate message, in order, and keeps the connection',
    roles: BOTH_ROLES,
    steps: () => {
      const payloads = Array.from({ length: FRAMES_IN_ONE_SEGMENT }, (_, at) => String(at))
      return [
        { do: 'open' },
        { do: 'send frames', payloads, inOneSegment: true },
        { do: 'expect open', forMs: 300 },
      ]
    },
  },
  {
    name: 'length-too-large',
    peer: 'announces one byte more than the node accepts, and sends none of it',
    node: 'ends the connection because of the header, without waiting for the payload',
    roles: BOTH_ROLES,
    steps: ({ shape }) => {
      const largest = shape.payloadBytesMax + (shape.lengthIncludesHeader ? 2 : 0)
      if (largest >= LENGTH_MAX)
        return 'a two-byte length cannot announce more than maxPayload here'
      return [
        { do: 'open' },
        { do: 'send bytes', bytes: wireHeader(shape.payloadBytesMax + 1, shape) },
        { do: 'expect end', withinMs: MARGIN_MS },
        ...COMES_BACK,
      ]
    },
  },
  {
    name: 'length-in-the-other-byte-order',
    peer: 'sends a frame whose length has the other byte order',
    node: 'waits for as many bytes as the length announces, and ends the connection after `partialFrame`',
    roles: BOTH_ROLES,
    steps: (terms) => {
      const byteOrder = terms.shape.byteOrder === 'big' ? 'little' : 'big'
      const bytes = wireFrame('abc', { ...terms.shape, byteOrder })
      return endsByPartialFrame(terms, [{ do: 'send bytes', bytes }])
    },
  },
  {
    name: 'length-counts-the-other-way',
    peer: 'sends a frame whose length includes the header although the node expects that it does not, or the reverse',
    node: 'loses the frame boundary, sees an unfinished frame, and ends the connection after `partialFrame`',
    roles: BOTH_ROLES,
    steps: (terms) => {
      const lengthIncludesHeader = !terms.shape.lengthIncludesHeader
      const bytes = wireFrame('abc', { ...terms.shape, lengthIncludesHeader })
      return endsByPartialFrame(terms, [{ do: 'send bytes', bytes }])
    },
  },
  {
    name: 'length-of-four-bytes',
    peer: 'sends a frame with a length of four bytes, 00 00 00 03',
    node: 'reads it as an empty frame and a whole one, or ends the connection if its options rule that out',
    roles: BOTH_ROLES,
    steps: (terms) => {
      const { byteOrder, lengthIncludesHeader, emptyFrames, payloadBytesMax } = terms.shape
      const send: FaultStep = { do: 'send bytes', bytes: '\0\0\0\x03abc' }
      if (lengthIncludesHeader || emptyFrames === 'reject' || payloadBytesMax < 3) {
        return [{ do: 'open' }, send, { do: 'expect end', withinMs: MARGIN_MS }, ...COMES_BACK]
      }
      if (byteOrder === 'little') return endsByPartialFrame(terms, [send])
      return [{ do: 'open' }, send, { do: 'expect open', forMs: 300 }]
    },
  },
  foreign(
    'http-request',
    'sends an HTTP request, like a browser or a health check',
    'GET / HTTP/1.1\r\nHost: node\r\n\r\n',
  ),
  foreign(
    'http-response',
    'sends an HTTP response, like the port of another service',
    'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n',
  ),
  foreign(
    'tls-hello',
    'begins a TLS handshake although the node does not use TLS',
    Buffer.from('16030100c8010000c40303', 'hex'),
  ),
  foreign('tls-alert', 'sends a TLS alert', Buffer.from('15030300020228', 'hex')),
  foreign('line-of-text', 'sends a line of ASCII', 'hello, node\n'),
  foreign('garbage', 'sends 200 kB of meaningless bytes', Buffer.alloc(GARBAGE_BYTES, 0x7f)),
  {
    name: 'flood-of-empty-frames',
    peer: `sends ${String(EMPTY_FRAMES)} frames without payload in one burst`,
    node: 'receives them, answers with no more frames than it received, and keeps the connection; or ends it if it rejects empty frames',
    roles: BOTH_ROLES,
    steps: ({ shape }) => {
      const header = wireHeader(0, shape)
      const bytes = Buffer.concat(Array.from({ length: EMPTY_FRAMES }, () => header))
      const flood: readonly FaultStep[] = [{ do: 'open' }, { do: 'send bytes', bytes }]
      if (shape.emptyFrames === 'reject') {
        return [...flood, { do: 'expect end', withinMs: MARGIN_MS }, ...COMES_BACK]
      }
      return [
        ...flood,
        { do: 'expect open', forMs: 1_000 },
        { do: 'expect at most', frames: EMPTY_FRAMES },
      ]
    },
  },
  {
    name: 'cut-in-the-header',
    peer: 'sends a whole frame and the first byte of the next, then FIN',
    node: 'delivers the whole frame, nothing of the other, and ends its side too',
    roles: BOTH_ROLES,
    steps: ({ settings }) => [
      { do: 'open' },
      { do: 'send frames', payloads: ['whole'] },
      { do: 'send part of a frame', payload: 'cut', bytes: 1 },
      { do: 'send FIN' },
      { do: 'expect end', withinMs: settings.halfCloseMs + settings.lingerMs + MARGIN_MS },
      ...COMES_BACK,
    ],
  },
  {
    name: 'cut-in-the-payload',
    peer: 'sends a whole frame and half of the next, then RST',
    node: 'delivers nothing of the cut frame, and is available when the peer returns',
    roles: BOTH_ROLES,
    steps: () => [
      { do: 'open' },
      { do: 'send frames', payloads: ['whole'] },
      { do: 'send part of a frame', payload: 'cut in two', bytes: 7 },
      { do: 'reset' },
      ...COMES_BACK,
    ],
  },
  {
    name: 'cut-and-silence',
    peer: 'sends half a frame and nothing more',
    node: 'ends the connection after `partialFrame`',
    roles: BOTH_ROLES,
    steps: (terms) =>
      endsByPartialFrame(terms, [{ do: 'send part of a frame', payload: 'cut in two', bytes: 7 }]),
  },
  {
    name: 'slow-loris',
    peer: 'sends a frame so slowly, byte by byte, that it is never complete in time',
    node: 'ends the connection after `partialFrame`, although bytes keep arriving',
    roles: BOTH_ROLES,
    steps: (terms) => {
      const { partialFrameMs } = terms.settings
      if (partialFrameMs === 0) return PARTIAL_FRAME_OFF
      const payload = patterned(Math.min(100, terms.shape.payloadBytesMax))
      const bytes = Math.min(26, payload.length + 1)
      const paceMs = Math.ceil((partialFrameMs + MARGIN_MS) / bytes)
      return [
        { do: 'open' },
        { do: 'send part of a frame', payload, bytes, paceMs },
        // The timeout passed before the last byte. A node that restarts it for each byte has not ended the connection.
        { do: 'expect end', withinMs: 0 },
        ...COMES_BACK,
      ]
    },
  },
]
