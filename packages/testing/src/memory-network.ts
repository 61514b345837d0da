import {
  type Address,
  type Clock,
  CommloopError,
  type Dial,
  type DialHandler,
  type DialTarget,
  type Listener,
  type ListenHandler,
  type ListenOptions,
  type PeerInfo,
  type Transport,
} from '@commloop/core'
import { MemoryConnection } from './memory-connection.js'
import type { MemoryWire } from './memory-wire.js'
import type { SeededRandom } from './seeded-random.js'

const EPHEMERAL_PORT_MIN = 32_768
const CHUNK_BYTES_MAX = 64 * 1024
const ANY_HOST = new Set(['0.0.0.0', '::'])

export interface MemoryNetworkOptions {
  /** Milliseconds from one end to the other, drawn for each piece; default 0 to 1. */
  readonly latencyMs?: { readonly min: number; readonly max: number }
  /** How likely a reader is given only a part of what has arrived, from one byte on; default 0. */
  readonly split?: number
}

interface Door {
  readonly options: ListenOptions
  readonly handler: ListenHandler
}

/**
 * A network within the process: hosts with addresses, connections with the order, the bounds and the ends of TCP.
 * Everything that happens is a timer of the given clock and a draw of the given chance, so that a run repeats from
 * its seed. The second implementation of `Transport`, beside TCP, which keeps the contract honest.
 */
export class MemoryNetwork implements MemoryWire {
  readonly #clock: Clock
  readonly #random: SeededRandom
  readonly #latencyMs: { readonly min: number; readonly max: number }
  readonly #split: number
  readonly #doors = new Map<string, Door>()
  readonly #connections = new Set<MemoryConnection>()
  readonly #parted = new Set<string>()
  #portsUsed = 0

  constructor(clock: Clock, random: SeededRandom, options: MemoryNetworkOptions = {}) {
    this.#clock = clock
    this.#random = random
    this.#latencyMs = options.latencyMs ?? { min: 0, max: 1 }
    this.#split = options.split ?? 0
  }

  /** The transport of the host with this address. */
  host(ip: string): Transport {
    return {
      dial: (target, handler) => this.#dial(ip, target, handler),
      listen: (options, handler) => this.#listen(ip, options, handler),
    }
  }

  /** Ends of connections that are open, both of each. */
  get connections(): ReadonlySet<MemoryConnection> {
    return this.#connections
  }

  /** Resets every connection of a host, at both ends, as when it loses power. */
  reset(ip: string): void {
    for (const connection of [...this.#connections]) {
      const { local, remote } = connection.peer
      if (local.ip === ip || remote.ip === ip) connection.resetByPeer()
    }
  }

  /** Nothing gets from one host to the other any more, and nobody is told. */
  part(left: string, right: string): void {
    this.#parted.add(pairKey(left, right))
  }

  /** Undoes `part`. What was on its way meanwhile is lost, so connections that lost something are reset. */
  heal(left: string, right: string): void {
    if (!this.#parted.delete(pairKey(left, right))) return
    for (const connection of [...this.#connections]) {
      const { local, remote } = connection.peer
      if (pairKey(local.ip, remote.ip) === pairKey(left, right)) connection.resetByPeer()
    }
  }

  // ── what connections need ───────────────────────────────────────────────────────────────────────────────────

  later(callback: () => void): void {
    this.#clock.after(0, callback)
  }

  travel(peer: PeerInfo, callback: () => void): void {
    const { min, max } = this.#latencyMs
    this.#clock.after(min + this.#random.next() * (max - min), () => {
      if (this.carries(peer)) callback()
    })
  }

  carries({ local, remote }: PeerInfo): boolean {
    return !this.#parted.has(pairKey(local.ip, remote.ip))
  }

  chunkBytes(): number {
    if (!this.#random.chance(this.#split)) return CHUNK_BYTES_MAX
    return 1 + this.#random.int(16)
  }

  gone(connection: MemoryConnection): void {
    this.#connections.delete(connection)
  }

  // ── opening ─────────────────────────────────────────────────────────────────────────────────────────────────

  #listen(ip: string, options: ListenOptions, handler: ListenHandler): Listener {
    const port = options.port === 0 ? this.#freePort() : options.port
    const key = doorKey(ip, port)
    const door = { options, handler }
    let closed = false
    const unknown = unknownOption('listen', options.options)
    const taken = this.#doors.has(key)
    if (!taken && unknown === undefined) this.#doors.set(key, door)
    this.later(() => {
      if (closed) return
      if (unknown !== undefined) handler.failed(unknown)
      else if (taken) handler.failed(systemError('EADDRINUSE', `listen EADDRINUSE ${key}`))
      else handler.listening({ ip: options.ip, port })
    })
    return {
      close: () => {
        closed = true
        if (this.#doors.get(key) === door) this.#doors.delete(key)
      },
    }
  }

  #dial(ip: string, target: DialTarget, handler: DialHandler): Dial {
    let over = false
    const end = (): boolean => {
      if (over) return false
      over = true
      timer.cancel()
      return true
    }
    const local = { ip: target.bind ?? ip, port: this.#freePort() }
    const remote = { ip: target.ip, port: target.port }
    const timer = this.#clock.after(target.timeoutMs, () => {
      if (!end()) return
      const text = `${doorKey(target.ip, target.port)} did not answer`
      handler.failed(new CommloopError('CML_ERR_DIAL_TIMEOUT', text))
    })
    const unknown = unknownOption('dial', target.options)
    if (unknown !== undefined) {
      this.later(() => {
        if (end()) handler.failed(unknown)
      })
    }
    this.travel({ local, remote, identities: [] }, () => {
      if (!end()) return
      const door = this.#doorAt(remote)
      if (door === undefined) {
        const text = `connect ECONNREFUSED ${doorKey(remote.ip, remote.port)}`
        handler.failed(systemError('ECONNREFUSED', text))
      } else {
        this.#connect(local, remote, handler, door)
      }
    })
    return {
      cancel: () => {
        end()
      },
    }
  }

  #doorAt({ ip, port }: Address): Door | undefined {
    const door = this.#doors.get(doorKey(ip, port))
    if (door === undefined) return undefined
    return ANY_HOST.has(door.options.ip) || door.options.ip === ip ? door : undefined
  }

  /** As with TCP the dialler is connected before the other side has decided: a refusal is a reset that follows. */
  #connect(local: Address, remote: Address, dialler: DialHandler, door: Door): void {
    const near = new MemoryConnection({ local, remote, identities: [] }, this)
    const far = new MemoryConnection({ local: remote, remote: local, identities: [] }, this)
    near.join(far)
    far.join(near)
    this.#connections.add(near).add(far)
    near.attach(dialler.opened(near))
    this.travel(near.peer, () => {
      if (!far.closed) this.#arrived(far, door)
    })
  }

  #arrived(far: MemoryConnection, door: Door): void {
    const { local, remote } = far.peer
    const isOpen = (): boolean => this.#doors.get(doorKey(local.ip, local.port)) === door
    // Asked anew: whoever is asked to admit may close the door instead.
    if (!isOpen() || !door.handler.admit(remote) || !isOpen()) far.destroy()
    else far.attach(door.handler.accepted(far))
  }

  #freePort(): number {
    return EPHEMERAL_PORT_MIN + (this.#portsUsed++ % (65_536 - EPHEMERAL_PORT_MIN))
  }
}

function doorKey(ip: string, port: number): string {
  return `${ip}:${String(port)}`
}

function pairKey(left: string, right: string): string {
  return left < right ? `${left} ${right}` : `${right} ${left}`
}

/** There is none that it knows: `tls` in particular must not be taken for done. */
function unknownOption(
  call: string,
  options: Readonly<Record<string, unknown>>,
): CommloopError | undefined {
  const [name] = Object.keys(options)
  if (name === undefined) return undefined
  return new CommloopError('CML_ERR_CONFIG_INVALID', `memory, ${call}: ${name}: no such option`)
}

function systemError(code: string, text: string): Error {
  return Object.assign(new Error(text), { code })
}
