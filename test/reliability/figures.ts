import { CODE_FIGURES } from './code-figures.js'
import { FAULTY_NETWORK_FIGURES } from './faulty-network-figures.js'
import type { Figure } from './figure.js'
import { FRAMING_FIGURES } from './framing-figures.js'
import { HOSTILE_PEER_FIGURES } from './hostile-peer-figures.js'
import { LIFE_FIGURES } from './life-figures.js'
import { PROMISE_FIGURES } from './promise-figures.js'
import { SIMULATION_FIGURES } from './simulation-figures.js'

/** The bar: every figure, in the order of its number. */
export const FIGURES: readonly Figure[] = [
  ...SIMULATION_FIGURES,
  ...FRAMING_FIGURES,
  ...HOSTILE_PEER_FIGURES,
  ...FAULTY_NETWORK_FIGURES,
  ...PROMISE_FIGURES,
  ...LIFE_FIGURES,
  ...CODE_FIGURES,
].sort((left, right) => Number(left.id.slice(1)) - Number(right.id.slice(1)))

/** Figures of durable storage and of sessions that are acknowledged: commloop has neither. */
export const NOT_APPLICABLE: readonly string[] = [
  'B2',
  ...Array.from({ length: 6 }, (_, at) => `B${String(16 + at)}`),
  'B27',
  'B28',
]
