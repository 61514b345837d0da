import type { MemoryConnection } from '../network/index.js'
import type { SeededRandom } from '../virtual/seeded-random.js'
import type { FaultName } from './fault-name.js'
import type { SimulatedHost } from './simulated-host.js'
import type { World } from './world.js'

/** Produces faults in a simulation. */
export class FaultMaker {
  readonly #world: World
  readonly #hosts: readonly SimulatedHost[]
  readonly #random: SeededRandom

  constructor(world: World, hosts: readonly SimulatedHost[], random: SeededRandom) {
    this.#world = world
    this.#hosts = hosts
    this.#random = random
  }

  make(fault: FaultName): void {
    if (fault.startsWith('connection')) this.#toConnection(fault)
    else if (fault === 'partition' || fault === 'one-way partition') this.#part(fault)
    else this.#toHost(fault, this.#random.pick(this.#hosts))
  }

  #part(fault: 'partition' | 'one-way partition'): void {
    const { network } = this.#world
    const left = this.#random.pick(this.#hosts).plan.ip
    const right = this.#random.pick(this.#hosts).plan.ip
    if (left === right) return
    const part = (blackHole: boolean): void => {
      if (fault === 'partition') network.bothWays(left, right, { blackHole })
      else network.oneWay(left, right, { blackHole })
    }
    part(true)
    this.#after(12_000, () => {
      part(false)
    })
  }

  #toHost(fault: FaultName, host: SimulatedHost): void {
    const { network } = this.#world
    const { ip } = host.plan
    if (fault === 'host reset') network.reset(ip)
    else if (fault === 'process killed') host.kill()
    else if (fault === 'machine without power') host.powerOff()
    else if (fault === 'process paused') host.pause(this.#hosts, this.#random.between(200, 6_000))
    else if (fault === 'listeners fail') {
      if (host.paused) return
      network.refuseListening(ip, this.#random.chance(0.5))
      network.failListeners(ip)
      this.#after(3_000, () => {
        network.refuseListening(ip, false)
      })
    } else {
      this.#reads(ip, false)
      this.#after(12_000, () => {
        this.#reads(ip, true)
      })
    }
  }

  #reads(ip: string, reads: boolean): void {
    for (const { plan } of this.#hosts) {
      if (plan.ip !== ip) this.#world.network.oneWay(plan.ip, ip, { notRead: !reads })
    }
  }

  #toConnection(fault: FaultName): void {
    const connections = [...this.#world.network.connections].filter(({ accepted }) => accepted)
    if (connections.length === 0) return
    const connection = this.#random.pick(connections)
    this.#world.trace.note(connection.peer.local.ip, fault, connection.peer.remote.port)
    switch (fault) {
      case 'connection reset':
        connection.resetByNetwork()
        break
      case 'connection half-open':
        connection.halfOpen()
        break
      case 'connection ended by the network':
        connection.outbound.finByNetwork()
        break
      case 'connection silenced':
        this.#block(connection)
        break
      case 'connection not read':
        connection.outbound.stopReading(true)
        this.#after(20_000, () => {
          connection.outbound.stopReading(false)
        })
        break
      default:
        connection.outbound.cutAfter({
          afterBytes: connection.outbound.deliveredBytes + 1 + this.#random.int(300),
          by: this.#random.pick(['reset', 'fin', 'silence']),
        })
    }
  }

  #block({ outbound }: MemoryConnection): void {
    outbound.block(true)
    this.#after(20_000, () => {
      outbound.block(false)
    })
  }

  #after(msMax: number, heal: () => void): void {
    this.#world.clock.after(this.#random.between(50, msMax), heal)
  }
}
