import type { PathConditions } from '../network/index.js'
import type { SeededRandom } from '../virtual/seeded-random.js'
import { FAULTS } from './fault-name.js'
import { ROUTER_HABITS, type RouterPlan } from './hostile-router.js'
import type { Swarm } from './swarm.js'
import { drawTables } from './swarm-tables.js'

/** Each option is off in about half of the swarms, because an option that is always on hides some bugs. */
export function drawSwarm(random: SeededRandom): Swarm {
  const sometimes = (value: number): number => (random.chance(0.5) ? value : 0)
  return {
    nodes: drawTables(random.fork('tables'), drawRouter),
    weather: drawWeather(random.fork('weather')),
    faults: FAULTS.filter(() => random.chance(0.5)),
    faultEveryMs: random.between(500, 4_000),
    operationEveryMs: random.chance(0.7) ? random.between(500, 5_000) : 0,
    listenerHostility: sometimes(0.02),
    traffic: {
      everyMs: random.between(300, 1_500),
      burst: random.pick([2, 4, 15]),
      large: sometimes(0.02),
      smallBytesMax: random.pick([40, 200, 2_000]),
      withId: random.pick([0, 0.3, 1]),
      withTtl: sometimes(0.3),
      poisoned: sometimes(0.02),
      routed: random.pick([0, 0.3, 0.7]),
    },
    ...drawRequests(random.fork('requests')),
    strangerEveryMs: random.chance(0.5) ? random.between(500, 4_000) : 0,
    faultMs: random.between(40_000, 70_000),
  }
}

function drawRequests(random: SeededRandom): Pick<Swarm, 'requests'> {
  if (random.chance(0.5)) return {}
  const sometimes = (value: number): number => (random.chance(0.5) ? value : 0)
  return {
    requests: {
      withBurst: random.pick([0.1, 0.4, 0.8]),
      burst: random.pick([1, 3, 20]),
      timeoutMsMax: random.pick([300, 2_000, 6_000]),
      keyed: random.pick([0, 0.5, 0.5, 1]),
      aborted: sometimes(0.2),
      delayed: sometimes(random.pick([0.2, 0.9])),
      never: sometimes(0.2),
      doubled: sometimes(0.2),
      overAnyConnection: sometimes(0.5),
    },
  }
}

function drawRouter(random: SeededRandom): RouterPlan {
  const habits = ROUTER_HABITS.filter(() => random.chance(0.5))
  return {
    habits: habits.length === 0 ? ['answers'] : habits,
    hostility: random.pick([0, 0.2, 0.6]),
    answerMsMax: random.pick([20, 300, 2_000]),
  }
}

function drawWeather(random: SeededRandom): Partial<PathConditions> {
  const sometimes = (value: number): number => (random.chance(0.4) ? value : 0)
  return {
    latencyMs: { min: 0, max: random.pick([1, 20, 150]) },
    split: sometimes(random.pick([0.05, 0.4])),
    coalesceMs: sometimes(random.pick([5, 50])),
    confirmMs: { min: 0, max: sometimes(random.pick([10, 500, 3_000])) },
    bufferBytes: random.pick([1_500, 20_000, 256 * 1024]),
    cut: sometimes(random.pick([0.1, 0.5])),
    cutBytesMax: random.pick([20, 500, 20_000]),
    lateCallbacks: sometimes(0.5),
    refuse: sometimes(0.2),
    silent: sometimes(0.1),
    acceptThenClose: sometimes(random.pick([0.1, 0.6])),
    resetBeforeAccept: sometimes(0.1),
    toItself: sometimes(0.1),
  }
}
