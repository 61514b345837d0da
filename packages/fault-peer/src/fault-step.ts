/** How the node ended a connection: `FIN` in order, `RST` by a reset. */
export type ConnectionEnd = 'FIN' | 'RST'

/**
 * One step of a script: something that the peer does, or something that it expects of the node. Steps are plain data,
 * so that a script can be stored, sent and printed.
 *
 * `on` selects a connection by its number: 1 is the first one that the script opened. Default: the newest. All times
 * are in milliseconds. If an expectation is not met, the script ends.
 */
export type FaultStep = OpenStep | SendStep | ReadStep | EndStep | ExpectStep | FlowStep

export type OpenStep =
  /**
   * Opens the next connection: dials the node, or waits until the node dials. Default of `withinMs`: 5,000 if the
   * peer dials, 35,000 if the node dials.
   */
  | { readonly do: 'open'; readonly withinMs?: number }
  /** Opens several connections, one after the other. Connections that the node refuses count too. */
  | { readonly do: 'open many'; readonly count: number }

export type SendStep =
  /** Sends complete frames. `inOneSegment`: all frames in one write; default: one write for each frame. */
  | {
      readonly do: 'send frames'
      readonly payloads: readonly (Uint8Array | string)[]
      readonly inOneSegment?: boolean
      readonly on?: number
    }
  /**
   * Sends bytes as they are; a text is sent in Latin-1. `paceMs`: one byte at a time with this pause between them;
   * 0: a turn of the event loop between them; default: all in one write.
   */
  | {
      readonly do: 'send bytes'
      readonly bytes: Uint8Array | string
      readonly paceMs?: number
      readonly on?: number
    }
  /** Sends only the first `bytes` of the frame of this payload, header included. */
  | {
      readonly do: 'send part of a frame'
      readonly payload: Uint8Array | string
      readonly bytes: number
      readonly paceMs?: number
      readonly on?: number
    }

export type ReadStep =
  /** Stops reading from the socket. Until `read on`, the peer does not notice that the node has ended the connection. */
  | { readonly do: 'stop reading'; readonly on?: number }
  /** Reads at most `bytes` in each interval, until `read on`. */
  | {
      readonly do: 'read slowly'
      readonly bytes: number
      readonly everyMs: number
      readonly on?: number
    }
  /** Reads again at full speed. */
  | { readonly do: 'read on'; readonly on?: number }

export type EndStep =
  /** Half-closes the connection with FIN. The peer still receives what the node sends. */
  | { readonly do: 'send FIN'; readonly on?: number }
  /** Resets the connection after a pause of 2 ms: without it the kernel may send FIN instead of RST. */
  | { readonly do: 'reset'; readonly on?: number }

export type ExpectStep =
  /** The node sends at least `count` complete frames, counted since the connection was opened. */
  | {
      readonly do: 'expect frames'
      readonly count: number
      readonly withinMs: number
      readonly on?: number
    }
  /** The node has sent at most `frames` complete frames until now. */
  | { readonly do: 'expect at most'; readonly frames: number; readonly on?: number }
  /**
   * The node ends the connection; `how`: default either way. `unlessQuieterThan`: the connection may also stay open
   * if the node has sent fewer bytes than this, for expectations that apply only to a node with something to send.
   */
  | {
      readonly do: 'expect end'
      readonly withinMs: number
      readonly how?: ConnectionEnd
      readonly unlessQuieterThan?: number
      readonly on?: number
    }
  /** The node keeps the connection open for this time. */
  | { readonly do: 'expect open'; readonly forMs: number; readonly on?: number }
  /** After this time at most `connections` of all connections of the script are still open. */
  | { readonly do: 'expect open at most'; readonly connections: number; readonly afterMs: number }
  /** At least `ms` passed between any two dials of the node. */
  | { readonly do: 'expect dials apart'; readonly ms: number }

export type FlowStep =
  /** Does nothing for this time. */
  | { readonly do: 'wait'; readonly ms: number }
  /** Plays the inner steps `times` times. `untilEnd`: stops early when the newest connection has ended. */
  | {
      readonly do: 'repeat'
      readonly times: number
      readonly untilEnd?: boolean
      readonly steps: readonly FaultStep[]
    }
