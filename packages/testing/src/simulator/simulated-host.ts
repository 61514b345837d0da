import type { NodePlan } from './swarm.js'
import { type SimulatedParts, SimulatedProcess } from './simulated-process.js'
import type { World } from './world.js'

/** The longest time until a lost process is started again. */
const RESTART_MS_MAX = 4_000
/** A process that cannot listen ends, and is started again after this time. */
const RETRY_MS = 1_000

type OnRequest = (
  process: SimulatedProcess,
  ...asked: Parameters<SimulatedProcess['onRequest']>
) => void

/** One machine: it runs a node, loses it, and starts it again. */
export class SimulatedHost {
  readonly plan: NodePlan
  readonly #parts: SimulatedParts
  readonly #world: World
  #process: SimulatedProcess | undefined
  #lives = 0
  #stopsAsked = 0
  #stopsResolved = 0
  #stopping = false
  #paused = false
  /** Called in every event of the node. */
  onEvent: (host: SimulatedHost) => void = () => undefined
  /** Called for every request that the node receives as a message. */
  onRequest: OnRequest = () => undefined
  readonly #makesRequests: boolean

  constructor(plan: NodePlan, parts: SimulatedParts, world: World, makesRequests: boolean) {
    this.plan = plan
    this.#makesRequests = makesRequests
    this.#parts = parts
    this.#world = world
  }

  /** The process, if it can be used: not while it is stopping or paused. */
  get process(): SimulatedProcess | undefined {
    return this.#stopping || this.#paused ? undefined : this.#process
  }

  /** The process, even if it is stopping or paused. */
  get present(): SimulatedProcess | undefined {
    return this.#process
  }

  get paused(): boolean {
    return this.#paused
  }

  /** Calls of `stop` that have not resolved, without those of processes that were killed. */
  get stopsPending(): number {
    return this.#stopsAsked - this.#stopsResolved
  }

  start(): void {
    if (this.#process !== undefined) return
    this.#lives++
    this.#note('start')
    const process = new SimulatedProcess(
      this.plan,
      this.#lives,
      this.#parts,
      this.#world,
      this.#makesRequests,
    )
    process.onRequest = (request, over) => {
      this.onRequest(process, request, over)
    }
    process.onEvent = () => {
      this.onEvent(this)
    }
    this.#process = process
    process.node.start().catch(() => undefined)
    this.#world.clock.after(1, () => {
      const { listening, notListening } = process.node
      // A node whose address is missing waits for it.
      if (listening === undefined && notListening === undefined) this.#couldNotListen(process)
    })
  }

  #couldNotListen(process: SimulatedProcess): void {
    if (this.#process !== process || this.#stopping) return
    this.#note('could not listen')
    this.#end(process)
    this.#world.clock.after(RETRY_MS, () => {
      this.start()
    })
  }

  /** Asks the node to stop, and starts it again after `restartMs`. */
  restart(restartMs: number): void {
    this.stop(() => {
      this.#world.clock.after(restartMs, () => {
        this.start()
      })
    })
  }

  stop(stopped: () => void): void {
    const process = this.process
    if (process === undefined) return
    this.#stopping = true
    this.#note('stop')
    const startedMs = this.#world.clock.now()
    const queued = [...process.watches.values()].some(({ handle }) => handle.queuedMessages > 0)
    if (queued) this.#world.markers.seen('node stopped under load')
    this.#stopsAsked++
    void process.node.stop().then(() => {
      this.#stopsResolved++
    })
    this.#awaitStop(process, startedMs, stopped)
  }

  #awaitStop(process: SimulatedProcess, startedMs: number, stopped: () => void): void {
    this.#world.clock.after(10, () => {
      if (this.#process !== process) return
      const tookMs = this.#world.clock.now() - startedMs
      const links = [...process.watches.values()]
      if (links.every(({ handle }) => handle.state === 'closed')) {
        const { stopDeadlineMs } = process.node.config
        if (tookMs >= stopDeadlineMs) this.#world.markers.seen('stop was cut at its deadline')
        process.checkStopped()
        this.#end(process)
        stopped()
      } else if (tookMs > STOP_MS_MAX && !this.#paused) {
        this.#world.violated(process.name, `stop has not finished after ${String(tookMs)} ms`)
      } else {
        this.#awaitStop(process, startedMs, stopped)
      }
    })
  }

  #end(process: SimulatedProcess): void {
    process.kill()
    this.#process = undefined
    this.#stopping = false
  }

  /** Kills the process: its kernel resets its connections. */
  kill(): void {
    this.#lose('process killed', () => {
      this.#world.network.kill(this.plan.ip)
    })
  }

  /** Takes the power from the machine: its peers do not notice. */
  powerOff(): void {
    this.#lose('machine without power', () => {
      this.#world.network.powerOff(this.plan.ip)
    })
  }

  #lose(marker: 'process killed' | 'machine without power', gone: () => void): void {
    const process = this.#process
    if (process === undefined || this.#paused) return
    if (this.#stopping) this.#stopsAsked--
    this.#note(marker)
    this.#world.markers.seen(marker)
    this.#end(process)
    gone()
    this.#world.clock.after(this.#world.random.between(1, RESTART_MS_MAX), () => {
      this.start()
    })
  }

  /** Pauses the process, as SIGSTOP does: nothing gets in or out. Afterwards its overdue timers run first. */
  pause(others: readonly SimulatedHost[], ms: number): void {
    const process = this.process
    if (process === undefined) return
    this.#note('process paused')
    this.#world.markers.seen('process paused')
    this.#paused = true
    process.clock.pause()
    this.#unreachable(others, true)
    this.#world.clock.after(ms, () => {
      this.#paused = false
      process.clock.resume()
      this.#unreachable(others, false)
    })
  }

  #unreachable(others: readonly SimulatedHost[], blackHole: boolean): void {
    for (const other of others) {
      if (other !== this) this.#world.network.bothWays(this.plan.ip, other.plan.ip, { blackHole })
    }
  }

  #note(what: string): void {
    this.#world.trace.note(this.plan.name, what, this.#lives)
  }
}

/** Longer than every stop deadline that a swarm has. */
const STOP_MS_MAX = 30_000
