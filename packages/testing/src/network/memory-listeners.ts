import type { Address, Listener, ListenHandler, ListenOptions } from '@commloop/core'
import { networkFailure } from './network-failure.js'
import { LISTEN_OPTIONS, unknownOption } from './network-options.js'
import type { NetworkServices } from './network-path.js'

const ANY_HOST = new Set(['0.0.0.0', '::'])

export interface OpenListener {
  readonly ip: string
  readonly options: ListenOptions
  readonly handler: ListenHandler
}

/** The open listeners of a network. */
export class MemoryListeners {
  readonly #services: NetworkServices
  readonly #listeners = new Map<string, OpenListener>()
  /** Hosts that currently refuse new listeners. */
  readonly #refusing = new Set<string>()

  constructor(services: NetworkServices) {
    this.#services = services
  }

  listen(ip: string, port: number, options: ListenOptions, handler: ListenHandler): Listener {
    const key = keyOf(ip, port)
    const listener = { ip, options, handler }
    let closed = false
    const code = this.#refusing.has(ip) ? 'EADDRNOTAVAIL' : 'EADDRINUSE'
    const unknown = unknownOption('listen', options.options, LISTEN_OPTIONS)
    const taken = this.#refusing.has(ip) || this.#listeners.has(key)
    if (!taken && unknown === undefined) this.#listeners.set(key, listener)
    this.#services.clock.after(0, () => {
      if (closed) return
      if (unknown !== undefined) handler.failed(unknown)
      else if (taken) this.#refuse(listener, networkFailure(code, 'listen', key))
      else handler.listening({ ip: options.ip, port })
    })
    return {
      close: () => {
        closed = true
        if (this.#listeners.get(key) === listener) this.#listeners.delete(key)
      },
    }
  }

  #refuse(listener: OpenListener, error: Error): void {
    if (this.#refusing.has(listener.ip)) this.#report('listening refused', listener.ip)
    listener.handler.failed(error)
  }

  at({ ip, port }: Address): OpenListener | undefined {
    const listener = this.#listeners.get(keyOf(ip, port))
    if (listener === undefined) return undefined
    return ANY_HOST.has(listener.options.ip) || listener.options.ip === ip ? listener : undefined
  }

  /** Whether this listener is the one that is open at the address. */
  isOpen(listener: OpenListener, at: Address): boolean {
    return this.#listeners.get(keyOf(at.ip, at.port)) === listener
  }

  /** All listeners of a host fail. */
  fail(ip: string): void {
    for (const [key, listener] of [...this.#listeners]) {
      if (listener.ip !== ip) continue
      this.#listeners.delete(key)
      this.#report('listening failed', ip)
      listener.handler.failed(networkFailure('EINVAL', 'accept', key))
    }
  }

  /** Closes the listeners of a process that has died, without calling their handlers. */
  abandon(ip: string): void {
    for (const [key, listener] of [...this.#listeners])
      if (listener.ip === ip) this.#listeners.delete(key)
  }

  refuse(ip: string, refused: boolean): void {
    if (refused) this.#refusing.add(ip)
    else this.#refusing.delete(ip)
  }

  #report(fault: 'listening failed' | 'listening refused', ip: string): void {
    const address = { ip, port: 0 }
    this.#services.watcher.occurred(fault, { local: address, remote: address, identities: [] })
  }
}

function keyOf(ip: string, port: number): string {
  return `${ip}:${String(port)}`
}
