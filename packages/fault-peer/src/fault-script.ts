import type { FaultStep } from './fault-step.js'
import type { LinkTerms } from './link-terms.js'

/** A fault with a name, made for whatever node its table describes. */
export interface FaultScript {
  readonly name: string
  /** What the peer does, in one sentence. */
  readonly peer: string
  /** What a good node does, in one sentence; what the steps expect. */
  readonly node: string
  /** Of the node's entry. */
  readonly roles: readonly LinkTerms['role'][]
  /** The steps for these terms, or in one sentence why this cannot be played against them. */
  steps(terms: LinkTerms): readonly FaultStep[] | string
}

export const BOTH_ROLES = ['active', 'passive'] as const

/** Beside the time that a node is allowed by its own table: for a busy machine, and for what is rounded. */
export const MARGIN_MS = 3_000

/** That the node is there for a peer that comes back and behaves: it lets it in, or dials it, and keeps it. */
export const COMES_BACK: readonly FaultStep[] = [
  { do: 'wait', ms: 100 },
  { do: 'open' },
  { do: 'send frames', payloads: ['back'] },
  { do: 'expect open', forMs: 300 },
]

export const PARTIAL_FRAME_OFF = 'partialFrame is off here: the node waits for the rest for ever'

/** These steps, then the node ends the connection within `partialFrame`, then the peer comes back. */
export function endsByPartialFrame(
  terms: LinkTerms,
  steps: readonly FaultStep[],
): readonly FaultStep[] | string {
  const { partialFrameMs } = terms.settings
  if (partialFrameMs === 0) return PARTIAL_FRAME_OFF
  const end: FaultStep = { do: 'expect end', withinMs: partialFrameMs + MARGIN_MS }
  return [{ do: 'open' }, ...steps, end, ...COMES_BACK]
}

/** Some time passes in which the peer sends what keeps the node from taking it for dead, where it would. */
export function livingFor({ settings }: LinkTerms, ms: number): FaultStep {
  if (settings.silenceMs === 0) return { do: 'wait', ms }
  const everyMs = Math.max(1, Math.floor(settings.silenceMs / 3))
  const payloads = [settings.heartbeat?.payload ?? 'alive']
  return {
    do: 'repeat',
    times: Math.ceil(ms / everyMs),
    untilEnd: true,
    steps: [
      { do: 'send frames', payloads },
      { do: 'wait', ms: everyMs },
    ],
  }
}
