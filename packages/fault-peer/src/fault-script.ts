import type { FaultStep } from './fault-step.js'
import type { LinkTerms } from './link-terms.js'

/** A named fault. Its steps depend on the limits and timeouts of the node under test. */
export interface FaultScript {
  readonly name: string
  /** What the peer does, in one sentence. */
  readonly peer: string
  /** What a good node does, in one sentence; the steps expect it. */
  readonly node: string
  /** The roles of the node's entry against which the script can be played. */
  readonly roles: readonly LinkTerms['role'][]
  /** The steps for these terms, or a sentence that says why the script cannot be played. */
  steps(terms: LinkTerms): readonly FaultStep[] | string
}

export const BOTH_ROLES = ['active', 'passive'] as const

/** Added to the time that the configuration allows the node, for a busy machine and for rounding. */
export const MARGIN_MS = 3_000

/** The node is available for a peer that comes back and behaves: it accepts or dials it, and keeps the connection. */
export const COMES_BACK: readonly FaultStep[] = [
  { do: 'wait', ms: 100 },
  { do: 'open' },
  { do: 'send frames', payloads: ['back'] },
  { do: 'expect open', forMs: 300 },
]

export const PARTIAL_FRAME_OFF =
  'partialFrame is off here: the node waits for the rest without a limit'

/** After these steps the node ends the connection within `partialFrame`; then the peer comes back. */
export function endsByPartialFrame(
  terms: LinkTerms,
  steps: readonly FaultStep[],
): readonly FaultStep[] | string {
  const { partialFrameMs } = terms.settings
  if (partialFrameMs === 0) return PARTIAL_FRAME_OFF
  const end: FaultStep = { do: 'expect end', withinMs: partialFrameMs + MARGIN_MS }
  return [{ do: 'open' }, ...steps, end, ...COMES_BACK]
}

/** Waits; if the node has a `silence` timeout, the peer sends frames so that the node does not consider it dead. */
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
