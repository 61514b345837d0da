/** How a connection ended, as its far end can see it. `FIN`: in order, `RST`: cut. */
export type ConnectionEnd = 'FIN' | 'RST'

/**
 * One thing that a fault peer does, or sees to. Plain data, so that a script can be written down, sent and shown.
 *
 * `on` names the connection by its number, from 1 in the order in which a script opened them; left out: the newest.
 * Every time is in milliseconds. A step that expects something ends the script where it is not so.
 */
export type FaultStep = OpenStep | SendStep | ReadStep | EndStep | ExpectStep | FlowStep

export type OpenStep =
  /** The next connection: dialled, or waited for where the node dials. Default: 5 s, and 35 s. */
  | { readonly do: 'open'; readonly withinMs?: number }
  /** The same again and again; connections that the node refuses count too. A peer that listens waits for each. */
  | { readonly do: 'open many'; readonly count: number }

export type SendStep =
  /** Whole frames. `inOneSegment`: given to the kernel by one call, else each by its own. */
  | {
      readonly do: 'send frames'
      readonly payloads: readonly (Uint8Array | string)[]
      readonly inOneSegment?: boolean
      readonly on?: number
    }
  /** Bytes as they are; of a text its Latin-1 bytes. `paceMs`: one byte at a time, with this pause between them; 0: a turn of the event loop. */
  | {
      readonly do: 'send bytes'
      readonly bytes: Uint8Array | string
      readonly paceMs?: number
      readonly on?: number
    }
  /** A frame of this payload, cut: only its first bytes, header included. */
  | {
      readonly do: 'send part of a frame'
      readonly payload: Uint8Array | string
      readonly bytes: number
      readonly paceMs?: number
      readonly on?: number
    }

export type ReadStep =
  /** Takes nothing more out of the socket. That the node has ended the connection is not seen meanwhile. */
  | { readonly do: 'stop reading'; readonly on?: number }
  /** Takes at most so many bytes in each interval, until `read on`. */
  | {
      readonly do: 'read slowly'
      readonly bytes: number
      readonly everyMs: number
      readonly on?: number
    }
  | { readonly do: 'read on'; readonly on?: number }

export type EndStep =
  /** Half-close: FIN. What comes from the node is still received. */
  | { readonly do: 'send FIN'; readonly on?: number }
  /** RST, after a pause in which what was written leaves: without it the kernel may send FIN instead. */
  | { readonly do: 'reset'; readonly on?: number }

export type ExpectStep =
  /** At least so many whole frames since the connection was opened. */
  | {
      readonly do: 'expect frames'
      readonly count: number
      readonly withinMs: number
      readonly on?: number
    }
  /** No more than so many whole frames by now. */
  | { readonly do: 'expect at most'; readonly frames: number; readonly on?: number }
  /**
   * The node ends the connection. `unlessQuieterThan`: or it is still open and has brought fewer bytes than these,
   * for what only a node with something to send can be asked of.
   */
  | {
      readonly do: 'expect end'
      readonly withinMs: number
      readonly how?: ConnectionEnd
      readonly unlessQuieterThan?: number
      readonly on?: number
    }
  /** The node keeps the connection for this long. */
  | { readonly do: 'expect open'; readonly forMs: number; readonly on?: number }
  /** Of all connections opened so far no more than so many are still open when this time has passed. */
  | { readonly do: 'expect open at most'; readonly connections: number; readonly afterMs: number }
  /** Between any two connections that the node has made so far at least this time has passed. */
  | { readonly do: 'expect dials apart'; readonly ms: number }

export type FlowStep =
  | { readonly do: 'wait'; readonly ms: number }
  /** `untilEnd`: stops early when the newest connection has ended. */
  | {
      readonly do: 'repeat'
      readonly times: number
      readonly untilEnd?: boolean
      readonly steps: readonly FaultStep[]
    }
