import { BOTH_ROLES, COMES_BACK, type FaultScript, livingFor, MARGIN_MS } from './fault-script.js'

/** More than the kernel buffers of one connection hold. If the node sent more, its write did not stall. */
const STALLED_BYTES_MIN = 8 * 1024 * 1024
/** The largest write of a node. */
const WRITE_BYTES_MAX = 128 * 1024
/** Factor over the speed that the node needs, because the kernel reports free buffer space only in large pieces. */
const SLOW_BUT_ENOUGH = 8
const SLOW_EVERY_MS = 100
/** Added to `stall`, so that the deadline of the node has passed. */
const RECKONED_MS = 1_000

/** Faults of the flow: reading, silence, and how a side ends the connection. */
export const FLOW_SCRIPTS: readonly FaultScript[] = [
  {
    name: 'never-reads',
    peer: 'does not read from its socket',
    node: 'ends the connection if a write has not finished within `stall`; keeps it if it has nothing to write',
    roles: BOTH_ROLES,
    steps: (terms) => {
      const { stallMs } = terms.settings
      if (stallMs === 0) return 'stall is off here: the node waits for its peer without a limit'
      return [
        { do: 'open' },
        { do: 'stop reading' },
        livingFor(terms, stallMs + RECKONED_MS),
        { do: 'read on' },
        { do: 'expect end', withinMs: RECKONED_MS, unlessQuieterThan: STALLED_BYTES_MIN },
        { do: 'reset' },
        ...COMES_BACK,
      ]
    },
  },
  {
    name: 'reads-slowly',
    peer: 'reads slowly, but fast enough for each write to finish within `stall`',
    node: 'keeps the connection',
    roles: BOTH_ROLES,
    steps: (terms) => {
      const { stallMs } = terms.settings
      const perMs = stallMs === 0 ? 1 : (SLOW_BUT_ENOUGH * WRITE_BYTES_MAX) / stallMs
      const bytes = Math.ceil(perMs * SLOW_EVERY_MS)
      return [
        { do: 'open' },
        { do: 'read slowly', bytes, everyMs: SLOW_EVERY_MS },
        livingFor(terms, stallMs + RECKONED_MS),
        { do: 'expect open', forMs: 0 },
        { do: 'read on' },
      ]
    },
  },
  {
    name: 'silence',
    peer: 'opens the connection and sends nothing, not even answers',
    node: 'ends the connection after `silence`, by default three heartbeats; keeps it if neither is set',
    roles: BOTH_ROLES,
    steps: ({ settings: { silenceMs } }) =>
      silenceMs === 0
        ? [{ do: 'open' }, { do: 'expect open', forMs: 3_000 }]
        : [{ do: 'open' }, { do: 'expect end', withinMs: silenceMs + MARGIN_MS }, ...COMES_BACK],
  },
  {
    name: 'half-close',
    peer: 'sends a frame, then FIN, and continues reading',
    node: 'ends its side with FIN as well, immediately or after `halfClose`',
    roles: BOTH_ROLES,
    steps: ({ settings }) => [
      { do: 'open' },
      { do: 'send frames', payloads: ['last'] },
      { do: 'send FIN' },
      {
        do: 'expect end',
        how: 'FIN',
        withinMs: settings.halfCloseMs + settings.lingerMs + MARGIN_MS,
      },
      ...COMES_BACK,
    ],
  },
  {
    name: 'reset',
    peer: 'sends a frame, then RST, ten times',
    node: 'is available each time, and also when the peer returns and stays',
    roles: BOTH_ROLES,
    steps: () => [
      {
        do: 'repeat',
        times: 10,
        steps: [
          { do: 'open' },
          { do: 'send frames', payloads: ['before the reset'] },
          { do: 'reset' },
          { do: 'wait', ms: 20 },
        ],
      },
      ...COMES_BACK,
    ],
  },
]
