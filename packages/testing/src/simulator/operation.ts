import type { SeededRandom } from '../virtual/seeded-random.js'
import type { LinkWatch } from './link-watch.js'
import type { SimulatedHost } from './simulated-host.js'
import type { SimulatedProcess } from './simulated-process.js'
import type { World } from './world.js'

const RESTART_MS_MAX = 3_000

/** Calls every method of a node and its links that an operator can use, at random moments. */
export class Operator {
  readonly #world: World
  readonly #random: SeededRandom

  constructor(world: World, random: SeededRandom) {
    this.#world = world
    this.#random = random
  }

  operate(host: SimulatedHost): void {
    if (this.#random.chance(0.06)) host.restart(this.#random.between(0, RESTART_MS_MAX))
    else if (host.process !== undefined) this.operateLink(host.process)
  }

  /** Calls a method of one of the links of a node. */
  operateLink(process: SimulatedProcess): void {
    const watches = [...process.watches.values()]
    if (watches.length === 0) return
    const watch = this.#random.pick(watches)
    const { markers, trace } = this.#world
    const { handle } = watch
    const operation = this.#random.pick(['pause', 'close', 'disable', 'enable', 'dial'] as const)
    trace.note(watch.where, `operator: ${operation}`)
    switch (operation) {
      case 'pause':
        this.#pause(process, watch)
        break
      case 'close':
        handle.close()
        break
      case 'disable':
        markers.seen('disabled')
        handle.disable()
        this.#later(process, 4_000, () => {
          this.enable(watch)
        })
        break
      case 'enable':
        this.enable(watch)
        break
      case 'dial':
        this.#dial(watch)
    }
  }

  enable({ handle }: LinkWatch): void {
    if (handle.state === 'draining' && !handle.enabled) {
      this.#world.markers.seen('enabled while draining')
    }
    handle.enable()
  }

  #dial(watch: LinkWatch): void {
    this.#world.markers.seen('dialled by operator')
    watch.dialledByOperator = true
    watch.handle.dial()
    // If all dial permits are taken, the dial comes later.
    const { state } = watch.handle
    watch.dialledByOperator = state === 'backoff' || state === 'exhausted'
  }

  #pause(process: SimulatedProcess, watch: LinkWatch): void {
    this.#world.markers.seen('paused')
    watch.paused = true
    watch.handle.pause()
    this.#later(process, 5_000, () => {
      this.resume(watch)
    })
  }

  /** Acts later, if the process is still alive. */
  #later(process: SimulatedProcess, msMax: number, act: () => void): void {
    this.#world.clock.after(this.#random.between(0, msMax), () => {
      if (process.alive) act()
    })
  }

  resume(watch: LinkWatch): void {
    watch.paused = false
    watch.handle.resume()
  }
}
