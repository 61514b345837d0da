import type { Figure } from './figure.js'
import { provenByTests } from './proven-by-tests.js'

/** Promises that must hold in every case. The cases are in test files, and the figure is whether all of them pass. */
export const PROMISE_FIGURES: readonly Figure[] = [
  {
    id: 'B13',
    sentence: '1,000 nodes that lose their peer for 10 minutes do not dial in waves',
    target:
      'at most 3 times the mean in any second; a peer that accepts and closes: one dial per maximum delay',
    world: 'simulated',
    needs: undefined,
    timed: false,
    run: provenByTests(['test/simulation/storm.test.ts']),
  },
  {
    id: 'B15',
    sentence:
      'A router call that hangs, a peer that is stuck and a codec that throws do not affect other links',
    target: 'no message of another link takes longer, in virtual time (20 % would be allowed)',
    world: 'simulated',
    needs: undefined,
    timed: false,
    run: provenByTests(['test/simulation/noise.test.ts']),
  },
  {
    id: 'B24',
    sentence:
      'A reload with a mistake changes nothing; a valid reload drops no link that it does not concern',
    target: '1,000 random mutations, half of them with a mistake',
    world: 'simulated',
    needs: undefined,
    timed: false,
    run: provenByTests(['test/node/reconfigure-storm.test.ts']),
  },
  {
    id: 'B25',
    sentence: 'All spellings of an address match it, and nothing else does',
    target: 'at least 60 forms and 100,000 random texts, 0 bypasses',
    world: 'none',
    needs: undefined,
    timed: false,
    run: provenByTests([
      'packages/core/test/address-corpus.test.ts',
      'packages/core/test/ip-address.test.ts',
      'packages/core/test/address-pattern.test.ts',
    ]),
  },
  {
    id: 'B29',
    sentence: 'A flood of hostile events is counted completely and logged in few lines',
    target: '100,000 events in at most 100 lines',
    world: 'simulated',
    needs: undefined,
    timed: false,
    run: provenByTests(['test/robustness/log-flood.test.ts']),
  },
]
