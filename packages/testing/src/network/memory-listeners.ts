import type { Address, Listener, ListenHandler, ListenOptions } from '@commloop/core'
import { networkFailure } from './network-failure.js'
import { LISTEN_OPTIONS, unknownOption } from './network-options.js'
import type { NetworkServices } from './network-path.js'

const ANY_HOST = new Set(['0.0.0.0', '::'])

export interface Door {
  readonly ip: string
  readonly options: ListenOptions
  readonly handler: ListenHandler
}

/** Who listens where. */
export class MemoryDoors {
  readonly #services: NetworkServices
  readonly #doors = new Map<string, Door>()
  /** Hosts on which nobody may listen now. */
  readonly #refusing = new Set<string>()

  constructor(services: NetworkServices) {
    this.#services = services
  }

  listen(ip: string, port: number, options: ListenOptions, handler: ListenHandler): Listener {
    const key = keyOf(ip, port)
    const door = { ip, options, handler }
    let closed = false
    const code = this.#refusing.has(ip) ? 'EADDRNOTAVAIL' : 'EADDRINUSE'
    const unknown = unknownOption('listen', options.options, LISTEN_OPTIONS)
    const taken = this.#refusing.has(ip) || this.#doors.has(key)
    if (!taken && unknown === undefined) this.#doors.set(key, door)
    this.#services.clock.after(0, () => {
      if (closed) return
      if (unknown !== undefined) handler.failed(unknown)
      else if (taken) this.#refuse(door, networkFailure(code, 'listen', key))
      else handler.listening({ ip: options.ip, port })
    })
    return {
      close: () => {
        closed = true
        if (this.#doors.get(key) === door) this.#doors.delete(key)
      },
    }
  }

  #refuse(door: Door, error: Error): void {
    if (this.#refusing.has(door.ip)) this.#tell('listening refused', door.ip)
    door.handler.failed(error)
  }

  at({ ip, port }: Address): Door | undefined {
    const door = this.#doors.get(keyOf(ip, port))
    if (door === undefined) return undefined
    return ANY_HOST.has(door.options.ip) || door.options.ip === ip ? door : undefined
  }

  /** Whether this door is the one that is open at the address. */
  isOpen(door: Door, at: Address): boolean {
    return this.#doors.get(keyOf(at.ip, at.port)) === door
  }

  /** Every listener of a host ends by itself, and is told. */
  fail(ip: string): void {
    for (const [key, door] of [...this.#doors]) {
      if (door.ip !== ip) continue
      this.#doors.delete(key)
      this.#tell('listening failed', ip)
      door.handler.failed(networkFailure('EINVAL', 'accept', key))
    }
  }

  /** Closes what a process that is gone had open, without a word. */
  abandon(ip: string): void {
    for (const [key, door] of [...this.#doors]) if (door.ip === ip) this.#doors.delete(key)
  }

  refuse(ip: string, refused: boolean): void {
    if (refused) this.#refusing.add(ip)
    else this.#refusing.delete(ip)
  }

  #tell(fault: 'listening failed' | 'listening refused', ip: string): void {
    const place = { ip, port: 0 }
    this.#services.watcher.occurred(fault, { local: place, remote: place, identities: [] })
  }
}

function keyOf(ip: string, port: number): string {
  return `${ip}:${String(port)}`
}
