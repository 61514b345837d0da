/*
 * A connection has two directions that end separately, so it has two phases at any time. Both reach `closed` together.
 */

/** What may be written to the peer. */
export type SendPhase =
  'probation' | 'asking' | 'idle' | 'due' | 'writing' | 'finishing' | 'finished' | 'closed'

export type SendEvent = 'admit' | 'wake' | 'rest' | 'flush' | 'done' | 'finish' | 'close'

/** What the peer may send. */
export type ReceivePhase = 'paused' | 'reading' | 'finHeld' | 'lastFrames' | 'ended' | 'closed'

export type ReceiveEvent = 'resume' | 'pause' | 'fin' | 'streamOver' | 'close'

type Transitions<Phase extends string, Event extends string> = Readonly<
  Record<Phase, Readonly<Partial<Record<Event, Phase>>>>
>

/** The direction to the peer. A pair that is not listed cannot happen, and is a bug if it does. */
export const SEND_TRANSITIONS = {
  // No messages are written: whether the peer accepts us is not known yet.
  probation: { admit: 'idle', flush: 'asking', finish: 'finished', close: 'closed' },
  // On probation. The transport has a write of control payloads, which ask the peer for a sign of life.
  asking: { admit: 'writing', done: 'probation', finish: 'finishing', close: 'closed' },
  // Open. No write is in progress or due.
  idle: { wake: 'due', flush: 'writing', finish: 'finished', close: 'closed' },
  // Open. A flush follows at the end of the present callback.
  due: { rest: 'idle', flush: 'writing', finish: 'finished', close: 'closed' },
  // Open. The transport has a write that it has not confirmed.
  writing: { done: 'idle', finish: 'finishing', close: 'closed' },
  // The write in progress is the last one. Our FIN follows it.
  finishing: { done: 'finished', close: 'closed' },
  // Our FIN is sent. The peer may still send.
  finished: { close: 'closed' },
  // Over: what the transport still reports does not count.
  closed: {},
} as const satisfies Transitions<SendPhase, SendEvent>

/** The direction from the peer. A pair that is not listed cannot happen, and is a bug if it does. */
export const RECEIVE_TRANSITIONS = {
  // Not read: the initial phase, and the phase while there is a hold.
  paused: { resume: 'reading', fin: 'finHeld', close: 'closed' },
  // Frames are delivered as they arrive.
  reading: { pause: 'paused', fin: 'lastFrames', close: 'closed' },
  // The peer's FIN has arrived. Frames before it wait for the end of the hold: here for `halfClose`, then in the link.
  finHeld: { resume: 'lastFrames', streamOver: 'ended', close: 'closed' },
  // The peer's FIN has arrived. The frames before it are being delivered.
  lastFrames: { pause: 'finHeld', streamOver: 'ended', close: 'closed' },
  // The peer's FIN has arrived, and every frame before it was delivered or discarded.
  ended: { close: 'closed' },
  // Over: what the transport still reports does not count.
  closed: {},
} as const satisfies Transitions<ReceivePhase, ReceiveEvent>

/** Pure: the caller performs the effects. @throws Error on a pair outside the table. */
export function nextSendPhase(phase: SendPhase, event: SendEvent): SendPhase {
  const row: Readonly<Partial<Record<SendEvent, SendPhase>>> = SEND_TRANSITIONS[phase]
  return row[event] ?? impossible('sending', phase, event)
}

/** Pure: the caller performs the effects. @throws Error on a pair outside the table. */
export function nextReceivePhase(phase: ReceivePhase, event: ReceiveEvent): ReceivePhase {
  const row: Readonly<Partial<Record<ReceiveEvent, ReceivePhase>>> = RECEIVE_TRANSITIONS[phase]
  return row[event] ?? impossible('receiving', phase, event)
}

function impossible(direction: string, phase: string, event: string): never {
  throw new Error(`connection: event '${event}' is impossible in ${direction} phase '${phase}'`)
}
