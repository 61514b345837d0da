import { SeededRandom } from '../virtual/seeded-random.js'
import { withCarriedHeartbeats } from './carried-heartbeat.js'
import { drawSwarm } from './draw-swarm.js'
import { FaultMaker } from './fault.js'
import type { MarkerCounts } from './marker.js'
import { Operator } from './operation.js'
import { SimulatedHost } from './simulated-host.js'
import type { SimulatedParts, SimulatedProcess } from './simulated-process.js'
import { Stranger } from './stranger.js'
import type { Swarm } from './swarm.js'
import { Traffic } from './traffic.js'
import type { Violation } from './violation.js'
import { World } from './world.js'

/** Within this time after the faults, all links that should be up are up, and their queues are empty. */
const CONVERGENCE_MS_MAX = 120_000
const STOP_MS_MAX = 60_000
const LOOK_MS = 200
const PROOF_MESSAGES = 3
const PROOF_MS = 3_000
/** After this many steps the next node is checked as a whole. */
const CHECK_STEPS = 16
/** More steps in one seed are a busy loop. */
const STEPS_MAX = 3_000_000

/** The seed to run, and the parts under test. */
export interface SimulationOptions extends SimulatedParts {
  readonly seed: number | string
  /** Returns the swarm to simulate, given the one that the seed has drawn. Default: unchanged. */
  readonly swarm?: (drawn: Swarm) => Swarm
  /** Called with every line of the trace. */
  readonly read?: (line: string) => void
}

/** The result of one seed. */
export interface SimulationResult {
  readonly seed: string
  /** The first invariant that was violated; undefined: none. */
  readonly violation: Violation | undefined
  /** The hash of the trace. The same seed on the same code gives the same hash. */
  readonly hash: string
  /** Virtual time of the whole run, in milliseconds. */
  readonly virtualMs: number
  /** Messages that were passed to `send`. */
  readonly messages: number
  /** Timers that ran. */
  readonly steps: number
  /** Virtual milliseconds from the end of the faults until all links had recovered. */
  readonly convergenceMs: number
  readonly markers: MarkerCounts
}

/**
 * Runs one seed: nodes with the real core and the given codec on virtual time, first with faults, then without. All
 * invariants are checked throughout; the first violation ends the run.
 */
export function simulate(options: SimulationOptions): Promise<SimulationResult> {
  return new Simulation(options).run()
}

class Simulation {
  readonly #world: World
  readonly #swarm: Swarm
  readonly #hosts: readonly SimulatedHost[]
  readonly #traffic: Traffic
  readonly #operator: Operator
  readonly #faults: FaultMaker
  readonly #stranger: Stranger
  readonly #random: SeededRandom
  #steps = 0
  #convergenceMs = 0

  constructor(options: SimulationOptions) {
    const random = new SeededRandom(options.seed)
    const any = drawSwarm(random.fork('swarm'))
    const drawn = options.payload === undefined ? any : withCarriedHeartbeats(any, options.payload)
    this.#swarm = options.swarm?.(drawn) ?? drawn
    this.#world = new World(random, options)
    this.#random = random.fork('simulation')
    const makesRequests = this.#swarm.requests !== undefined
    this.#hosts = this.#swarm.nodes.map(
      (plan) => new SimulatedHost(plan, options, this.#world, makesRequests),
    )
    this.#operator = new Operator(this.#world, random.fork('operator'))
    this.#faults = new FaultMaker(this.#world, this.#hosts, random.fork('faults'))
    this.#stranger = new Stranger(this.#world, options, random.fork('stranger'))
    this.#traffic = new Traffic(this.#world, this.#swarm, this.#hosts, random.fork('traffic'))
  }

  async run(): Promise<SimulationResult> {
    try {
      this.#begin()
      await this.#advance(this.#swarm.faultMs)
      this.#heal()
      await this.#converge()
      await this.#prove()
      await this.#stop()
    } catch (error) {
      // Core must never throw into a callback of a clock or a transport.
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      this.#world.violated('simulation', `threw ${text}`)
    }
    return this.#result()
  }

  #result(): SimulationResult {
    const { random, violation, trace, clock, book, markers } = this.#world
    return {
      seed: random.seed,
      violation,
      hash: trace.hash,
      virtualMs: clock.now(),
      messages: book.size,
      steps: this.#steps,
      convergenceMs: this.#convergenceMs,
      markers,
    }
  }

  // ── with faults ─────────────────────────────────────────────────────────────────────────────────────────────

  #begin(): void {
    const { network, clock } = this.#world
    const { traffic, faults, faultEveryMs, operationEveryMs, strangerEveryMs } = this.#swarm
    network.everywhere(this.#swarm.weather)
    for (const host of this.#hosts) {
      host.onEvent = () => {
        this.#inEvent(host.process)
      }
      host.onRequest = (process, request, over) => {
        this.#traffic.answer(process, request, over)
      }
      clock.after(this.#random.between(0, 500), () => {
        host.start()
      })
      this.#every(traffic.everyMs, () => {
        this.#traffic.burst(host)
      })
    }
    if (faults.length > 0) {
      this.#every(faultEveryMs, () => {
        this.#faults.make(this.#random.pick(faults))
      })
    }
    this.#every(operationEveryMs, () => {
      this.#operator.operate(this.#random.pick(this.#hosts))
    })
    this.#every(strangerEveryMs, () => {
      this.#stranger.visit(this.#random.pick(this.#swarm.nodes).ip)
    })
  }

  /** Calls `act` at intervals from half to one and a half times `ms`, until the faults end. 0: never. */
  #every(ms: number, act: () => void): void {
    if (ms === 0) return
    this.#world.clock.after(this.#random.between(ms / 2, ms * 1.5), () => {
      if (this.#world.calm) return
      act()
      this.#every(ms, act)
    })
  }

  /** A listener of an event calls the node, or throws. */
  #inEvent(process: SimulatedProcess | undefined): void {
    const { calm, markers } = this.#world
    if (calm || process === undefined || !this.#random.chance(this.#swarm.listenerHostility)) return
    if (this.#random.chance(0.3)) throw new Error('simulated: a listener throws')
    markers.seen('operation within an event')
    this.#operator.operateLink(process)
  }

  async #advance(untilMs: number): Promise<void> {
    const { clock } = this.#world
    while (this.#world.violation === undefined) {
      const dueMs = clock.nextDueMs
      if (dueMs === undefined || dueMs > untilMs) break
      clock.runNext()
      this.#steps++
      if (this.#steps % CHECK_STEPS === 0) this.#look()
      if (this.#steps > STEPS_MAX) throw new Error('simulation: a busy loop')
      if (this.#world.promised) {
        this.#world.promised = false
        await clock.settle()
      }
    }
    if (this.#world.violation === undefined) clock.advanceTo(untilMs)
  }

  #look(): void {
    const host = this.#hosts[(this.#steps / CHECK_STEPS) % this.#hosts.length]
    const process = host?.present
    if (process === undefined) return
    process.check()
    for (const watch of process.watches.values()) watch.look()
  }

  // ── without faults ─────────────────────────────────────────────────────────────────────────────────────────────────

  #heal(): void {
    const { network, trace } = this.#world
    trace.note('simulation', 'heal')
    this.#world.calm = true
    network.calm({ latencyMs: { min: 0, max: 5 } })
    for (const host of this.#hosts) {
      for (const watch of host.present?.watches.values() ?? []) {
        this.#operator.resume(watch)
        this.#operator.enable(watch)
      }
    }
  }

  async #converge(): Promise<void> {
    const { clock } = this.#world
    const startMs = clock.now()
    while (this.#world.violation === undefined) {
      const missing = this.#hosts.flatMap((host) => this.#missing(host))
      this.#convergenceMs = clock.now() - startMs
      if (missing.length === 0) return
      if (this.#convergenceMs > CONVERGENCE_MS_MAX) {
        const text = `not recovered ${String(CONVERGENCE_MS_MAX)} ms after the faults`
        this.#world.violated('simulation', `${text}: ${missing.join('; ')}`)
        return
      }
      await this.#advance(clock.now() + LOOK_MS)
    }
  }

  /** What a node has not recovered yet. */
  #missing({ plan, process }: SimulatedHost): string[] {
    if (process?.node.listening === undefined) return [`${plan.name} is not running`]
    const missing: string[] = []
    if (process.node.counters.routing > 0) missing.push(`${plan.name} has messages in routing`)
    if (process.node.counters.requests.waiting > 0) missing.push(`${plan.name} waits for answers`)
    for (const id of plan.expectedUp) {
      const watch = process.watch(id)
      if (!watch.settled) missing.push(`${watch.where} is ${watch.description}`)
    }
    return missing
  }

  /** Every link that is up carries messages: all of them arrive. */
  async #prove(): Promise<void> {
    if (this.#world.violation !== undefined) return
    for (const { process, plan } of this.#hosts) {
      for (const id of plan.expectedUp) {
        for (let left = PROOF_MESSAGES; left > 0 && process !== undefined; left--) {
          const accepted = this.#traffic.prove(process, process.watch(id))
          if (!accepted) this.#world.violated(`${plan.name} ${id}`, 'is up, but accepts no message')
        }
      }
    }
    await this.#advance(this.#world.clock.now() + PROOF_MS)
    for (const { process, plan } of this.#hosts) {
      process?.check()
      for (const id of plan.expectedUp) process?.watch(id).checkSettled()
    }
  }

  async #stop(): Promise<void> {
    const { clock } = this.#world
    const endMs = clock.now() + STOP_MS_MAX
    for (const host of this.#hosts) host.stop(() => undefined)
    while (this.#world.violation === undefined) {
      const running = this.#hosts.filter(({ present }) => present !== undefined)
      if (running.length === 0) break
      if (clock.now() > endMs) {
        this.#world.violated(
          'simulation',
          `still stopping: ${running.map(({ plan }) => plan.name).join(', ')}`,
        )
      }
      await this.#advance(clock.now() + LOOK_MS)
    }
    await clock.settle()
    if (this.#world.violation !== undefined) return
    await this.#advance(clock.now() + AFTERWARDS_MS)
    for (const requests of this.#world.endedRequests) requests.checkEnds()
    const left = [...this.#world.network.connections].map(({ peer: { local, remote } }) => {
      return `${local.ip}:${String(local.port)} with ${remote.ip}:${String(remote.port)}`
    })
    if (left.length > 0) {
      const text = `connections left after all nodes have stopped: ${left.join(', ')}`
      this.#world.violated('simulation', text)
    }
    for (const { plan, stopsPending } of this.#hosts) {
      if (stopsPending > 0) this.#world.violated(plan.name, 'a stop has not resolved')
    }
  }
}

/** After this time the last connection of the last peer has closed. */
const AFTERWARDS_MS = 20_000
