import type {
  Address,
  Clock,
  Dial,
  DialHandler,
  DialTarget,
  Listener,
  ListenHandler,
  ListenOptions,
  Transport,
} from '@commloop/core'
import type { SeededRandom } from '../virtual/seeded-random.js'
import { MemoryConnection } from './memory-connection.js'
import { MemoryDial } from './memory-dial.js'
import { type OpenListener, MemoryListeners } from './memory-listeners.js'
import { MemoryNames, type NameAnswer } from './memory-names.js'
import { DIAL_OPTIONS, unknownOption } from './network-options.js'
import { NetworkPath, type NetworkServices } from './network-path.js'
import { type NetworkFault, type NetworkWatcher, NO_WATCHER } from './network-watcher.js'
import { drawCut, FAIR_CONDITIONS, type PathConditions, type Range } from './path-conditions.js'

const EPHEMERAL_PORT_MIN = 32_768
const KEEP_ALIVE_MS = 12_000

/** Options of a memory network. */
export interface MemoryNetworkOptions {
  /** Milliseconds from one end to the other, drawn for each chunk; default 0 to 1. */
  readonly latencyMs?: Range
  /** Probability that a reader receives only a part of what has arrived; default 0. */
  readonly split?: number
  /** Milliseconds until one end of an idle connection notices that the other end is closed; default 12,000. */
  readonly keepAliveMs?: number
  /** Called for every fault; default: none. */
  readonly watcher?: NetworkWatcher
}

/**
 * An in-memory network: hosts with addresses, connections that keep the order of bytes, are bounded and end as TCP
 * connections do, and faults of real networks. Everything runs on timers of the given clock and numbers of the given
 * generator, so that a run can be repeated from its seed. It is the second implementation of `Transport`, besides TCP.
 *
 * Faults occur at random, by `PathConditions`, or when a method is called: `part`, `reset`, `kill` and others. They
 * affect connections that are already open. `calm` ends all faults, on open connections too.
 */
export class MemoryNetwork {
  readonly #services: NetworkServices
  readonly #listeners: MemoryListeners
  readonly #names: MemoryNames
  readonly #paths = new Map<string, NetworkPath>()
  readonly #connections = new Set<MemoryConnection>()
  readonly #dials = new Set<MemoryDial>()
  readonly #dialled = new Map<string, MemoryConnection>()
  #conditions: PathConditions
  #portsUsed = 0

  constructor(clock: Clock, random: SeededRandom, options: MemoryNetworkOptions = {}) {
    const { watcher = NO_WATCHER, keepAliveMs = KEEP_ALIVE_MS } = options
    this.#services = { clock, random, watcher, keepAliveMs }
    this.#listeners = new MemoryListeners(this.#services)
    this.#names = new MemoryNames(clock)
    this.#conditions = {
      ...FAIR_CONDITIONS,
      latencyMs: options.latencyMs ?? FAIR_CONDITIONS.latencyMs,
      split: options.split ?? FAIR_CONDITIONS.split,
    }
  }

  /**
   * The transport of the host with this address. A dial may carry `transportOptions: { label }`, by which
   * `connectionOf` finds its connection.
   */
  host(ip: string): Transport {
    return {
      dial: (target, handler) =>
        this.#names.has(target.ip)
          ? this.#names.dial(target, handler, (at, own) => this.#dial(ip, at, own))
          : this.#dial(ip, target, handler),
      listen: (options, handler) => this.#listen(ip, options, handler),
      resolve: (name, handler) => this.#names.resolve(name, handler),
    }
  }

  /** What the name service answers for a name from now on. */
  name(name: string, answer: NameAnswer): void {
    this.#names.set(name, answer)
  }

  /** Both ends of every open connection. */
  get connections(): ReadonlySet<MemoryConnection> {
    return this.#connections
  }

  /** The host's own end of the last connection that it has dialled with this label. */
  connectionOf(ip: string, label: string): MemoryConnection | undefined {
    return this.#dialled.get(`${ip} ${label}`)
  }

  // ── conditions ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Changes the conditions of all paths, existing and future. Conditions that are not named stay. */
  everywhere(change: Partial<PathConditions>): void {
    this.#conditions = { ...this.#conditions, ...change }
    for (const path of this.#paths.values()) path.change({ ...path.conditions, ...change })
  }

  /** Changes the conditions from one host to another, in this direction only. Conditions that are not named stay. */
  oneWay(from: string, to: string, change: Partial<PathConditions>): void {
    const path = this.#path(from, to)
    const was = path.conditions
    path.change({ ...was, ...change })
    for (const fault of ['blackHole', 'notRead'] as const) {
      if (was[fault] || !path.conditions[fault]) continue
      this.#report(
        fault === 'blackHole' ? 'black hole' : 'not read',
        { ip: from, port: 0 },
        { ip: to, port: 0 },
      )
    }
  }

  /** Changes the conditions between two hosts, in both directions. */
  bothWays(left: string, right: string, change: Partial<PathConditions>): void {
    this.oneWay(left, right, change)
    this.oneWay(right, left, change)
  }

  /** Separates two hosts: everything that they send to each other is lost without notice. */
  part(left: string, right: string): void {
    this.bothWays(left, right, { blackHole: true })
  }

  /** Undoes `part`: open connections continue, and a closed end is noticed at the other end. */
  heal(left: string, right: string): void {
    this.bothWays(left, right, { blackHole: false })
  }

  /** Ends all faults, on open connections too. */
  calm(conditions: Partial<PathConditions> = {}): void {
    this.#conditions = { ...FAIR_CONDITIONS, ...conditions }
    for (const path of this.#paths.values()) {
      path.change(this.#conditions)
      this.#listeners.refuse(path.from, false)
      this.#listeners.refuse(path.to, false)
    }
    for (const { outbound, far } of [...this.#connections]) {
      // Both directions, because the other end may already be closed and not in the list.
      for (const pipe of [outbound, far.outbound]) {
        pipe.cutAfter(undefined)
        pipe.block(false)
        pipe.stopReading(false)
      }
    }
  }

  // ── faults on call ──────────────────────────────────────────────────────────────────────────────────────────

  /** Resets all connections of a host, at both ends. */
  reset(ip: string): void {
    for (const connection of this.#of(ip)) if (!connection.closed) connection.resetByNetwork()
  }

  /** The process on a host dies: its kernel closes its listeners and resets its connections. */
  kill(ip: string): void {
    this.#forget(ip)
    for (const connection of this.#of(ip)) connection.abandon()
  }

  /** The host loses power: its connections are half-open at the peers. */
  powerOff(ip: string): void {
    this.#forget(ip)
    for (const connection of this.#of(ip)) connection.powerOff()
  }

  #forget(ip: string): void {
    this.#listeners.abandon(ip)
    for (const dial of [...this.#dials]) if (dial.host === ip) dial.end()
  }

  /** All listeners of a host fail. */
  failListeners(ip: string): void {
    this.#listeners.fail(ip)
  }

  /** Whether a host refuses new listeners. Open listeners are not affected. */
  refuseListening(ip: string, refused: boolean): void {
    this.#listeners.refuse(ip, refused)
  }

  #of(ip: string): MemoryConnection[] {
    return [...this.#connections].filter(({ peer }) => peer.local.ip === ip)
  }

  // ── opening ─────────────────────────────────────────────────────────────────────────────────────────────────

  #listen(ip: string, options: ListenOptions, handler: ListenHandler): Listener {
    const port = options.port === 0 ? this.#freePort() : options.port
    return this.#listeners.listen(ip, port, options, handler)
  }

  #dial(ip: string, target: DialTarget, handler: DialHandler): Dial {
    const local = { ip: target.bind ?? ip, port: this.#freePort() }
    const dial = new MemoryDial(this.#services.clock, ip, local, target, handler, (ended) => {
      this.#dials.delete(ended)
    })
    this.#dials.add(dial)
    const unknown = unknownOption('dial', target.options, DIAL_OPTIONS)
    if (unknown !== undefined) {
      this.#services.clock.after(0, () => {
        dial.fail(unknown)
      })
      return dial
    }
    const path = this.#path(local.ip, target.ip)
    const { label } = target.options
    path.travel(() => {
      if (!dial.over) this.#knocked(dial, path, typeof label === 'string' ? label : '')
    })
    return dial
  }

  /** The dial has reached the other host. */
  #knocked(dial: MemoryDial, path: NetworkPath, label: string): void {
    const fault = this.#dialFault(path)
    if (fault !== undefined) this.#report(fault, dial.local, dial.remote)
    if (fault === 'dial unanswered') return
    if (fault === 'connected to itself') {
      this.#toItself(dial)
      return
    }
    const listener = this.#listeners.at(dial.remote)
    const back = this.#path(dial.remote.ip, dial.local.ip)
    back.travel(() => {
      if (dial.over) return
      if (listener === undefined || fault === 'dial refused') dial.refuse()
      else this.#connect(dial, listener, { path, back, label, fault })
    })
  }

  #dialFault({ conditions }: NetworkPath): NetworkFault | undefined {
    const { random } = this.#services
    const { refuse, silent, acceptThenClose, resetBeforeAccept, toItself } = conditions
    let at = refuse + silent + acceptThenClose + resetBeforeAccept + toItself
    if (at === 0) return undefined
    at = random.next()
    if ((at -= refuse) < 0) return 'dial refused'
    if ((at -= silent) < 0) return 'dial unanswered'
    if ((at -= acceptThenClose) < 0) return 'accepted, then closed'
    if ((at -= resetBeforeAccept) < 0) return 'reset before accept'
    return at - toItself < 0 ? 'connected to itself' : undefined
  }

  #toItself(dial: MemoryDial): void {
    if (!dial.end()) return
    const { remote } = dial
    const peer = { local: remote, remote, identities: [] }
    const both = this.#newEnd(peer, this.#path(remote.ip, remote.ip))
    both.join(both)
    both.attach(dial.handler.opened(both))
  }

  /** As with TCP, the dialler is connected before the other side decides. A refusal is a reset that follows. */
  #connect(
    dial: MemoryDial,
    listener: OpenListener,
    way: {
      readonly path: NetworkPath
      readonly back: NetworkPath
      readonly label: string
      readonly fault: NetworkFault | undefined
    },
  ): void {
    if (!dial.end()) return
    const { local, remote } = dial
    const near = this.#newEnd({ local, remote, identities: [] }, way.path)
    const far = this.#newEnd({ local: remote, remote: local, identities: [] }, way.back)
    near.join(far)
    far.join(near)
    near.outbound.cutAfter(drawCut(way.path.conditions, this.#services.random))
    far.outbound.cutAfter(drawCut(way.back.conditions, this.#services.random))
    if (way.label !== '') this.#dialled.set(`${local.ip} ${way.label}`, near)
    near.attach(dial.handler.opened(near))
    way.path.travel(() => {
      this.#arrived(near, far, listener, way.fault)
    })
  }

  #arrived(
    near: MemoryConnection,
    far: MemoryConnection,
    listener: OpenListener,
    fault: NetworkFault | undefined,
  ): void {
    if (fault === 'reset before accept') near.resetByNetwork()
    const { local, remote } = far.peer
    const isOpen = (): boolean => this.#listeners.isOpen(listener, local)
    if (far.closed) {
      if (isOpen()) listener.handler.admit(undefined)
      return
    }
    const wanted = isOpen() && fault !== 'accepted, then closed' && listener.handler.admit(remote)
    // Checked again, because `admit` may have closed the listener.
    if (wanted && isOpen()) far.attach(listener.handler.accepted(far))
    else far.destroy()
  }

  #newEnd(peer: MemoryConnection['peer'], path: NetworkPath): MemoryConnection {
    const end = new MemoryConnection(peer, path, (gone) => {
      this.#connections.delete(gone)
    })
    this.#connections.add(end)
    return end
  }

  #path(from: string, to: string): NetworkPath {
    const key = `${from} ${to}`
    const known = this.#paths.get(key)
    if (known !== undefined) return known
    const path = new NetworkPath(from, to, this.#conditions, this.#services)
    this.#paths.set(key, path)
    return path
  }

  #report(fault: NetworkFault, local: Address, remote: Address): void {
    this.#services.watcher.occurred(fault, { local, remote, identities: [] })
  }

  #freePort(): number {
    return EPHEMERAL_PORT_MIN + (this.#portsUsed++ % (65_536 - EPHEMERAL_PORT_MIN))
  }
}
