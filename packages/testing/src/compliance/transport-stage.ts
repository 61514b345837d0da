import assert from 'node:assert/strict'
import type { Address, Connection, DialTarget, Transport } from '@commloop/core'
import type { Check } from './check.js'
import { Attempt } from './transport-attempt.js'
import { Breaches } from './transport-breaches.js'
import { ListenerProbe } from './transport-listener.js'
import { End } from './transport-end.js'

/** The most waits of one millisecond for a condition. */
const WAITS_MAX = 8_000
/** After this many waits the suite assumes that no further callback comes. */
const REST_WAITS = 25
/** Time limit of dials that do not test it. */
const DIAL_MS_MAX = 5_000

/** Two hosts on one network. The test of an implementation creates them for every check. */
export interface TransportHosts {
  /** The transport that dials. It may be the same as `listening`. */
  readonly dialing: Transport
  readonly listening: Transport
  /** The address on which `listening` listens. */
  readonly ip: string
  /** The address from which `dialing` dials if it is given in `bind`. */
  readonly bind: string
  /** Options of every dial and of every listener, as for TLS; default none. */
  readonly dialOptions?: Readonly<Record<string, unknown>>
  readonly listenOptions?: Readonly<Record<string, unknown>>
  /**
   * Lets time pass. 0: as little as possible, one turn of the event loop or one timer of a manual clock. Default: real
   * time.
   */
  wait?(ms: number): void | Promise<void>
  /** Releases what was created for the hosts. The suite has ended all connections, dials and listeners before. */
  close?(): void | Promise<void>
}

/** Both ends of one connection: `near` dialled, `far` accepted. */
export interface Ends {
  readonly near: End
  readonly far: End
}

/** The hosts of one check, and everything that the check has opened on them. */
export class TransportStage {
  readonly hosts: TransportHosts
  readonly #breaches = new Breaches()
  readonly #ends: End[] = []
  readonly #listeners: ListenerProbe[] = []
  readonly #attempts: Attempt[] = []

  constructor(hosts: TransportHosts) {
    this.hosts = hosts
  }

  // ── time ────────────────────────────────────────────────────────────────────────────────────────────────────

  async wait(ms: number): Promise<void> {
    await (this.hosts.wait === undefined ? realTime(ms) : this.hosts.wait(ms))
  }

  /** @throws AssertionError if the condition is not true after `waitsMax` waits of a millisecond or more */
  async until(what: string, condition: () => boolean, waitsMax = WAITS_MAX): Promise<void> {
    for (let waits = 0; !condition(); waits++) {
      assert.ok(waits < waitsMax, `did not happen: ${what}`)
      await this.wait(1)
    }
  }

  /** Waits long enough for all callbacks that may still follow. */
  async rest(): Promise<void> {
    for (let waits = 0; waits < REST_WAITS; waits++) await this.wait(1)
  }

  // ── opening ─────────────────────────────────────────────────────────────────────────────────────────────────

  listen(port = 0, options = this.hosts.listenOptions ?? {}): ListenerProbe {
    const listener = new ListenerProbe(this.#breaches, this.#endOf('accepting'))
    this.#listeners.push(listener)
    const place = { ip: this.hosts.ip, port, options }
    listener.opened(
      this.#breaches.during('listen', () => this.hosts.listening.listen(place, listener)),
    )
    return listener
  }

  /** Opens a listener and waits until it is listening. */
  async open(port = 0): Promise<ListenerProbe & { readonly at: Address }> {
    const listener = this.listen(port)
    await this.until('listening', () => listener.at !== undefined || listener.error !== undefined)
    assert.ok(listener.at !== undefined, `could not listen: ${String(listener.error)}`)
    return listener as ListenerProbe & { readonly at: Address }
  }

  /** An address without a listener. */
  async deserted(): Promise<Address> {
    const listener = await this.open()
    listener.close()
    await this.rest()
    return listener.at
  }

  dial(at: Address, more: Partial<DialTarget> = {}): Attempt {
    const attempt = new Attempt(this.#breaches, this.#endOf('dialling'))
    this.#attempts.push(attempt)
    const options = this.hosts.dialOptions ?? {}
    const target = { ...at, bind: undefined, timeoutMs: DIAL_MS_MAX, options, ...more }
    attempt.begun(this.#breaches.during('dial', () => this.hosts.dialing.dial(target, attempt)))
    return attempt
  }

  async connected(): Promise<Ends> {
    return this.join(await this.open())
  }

  /** Opens a connection to this listener. */
  async join(listener: ListenerProbe & { readonly at: Address }): Promise<Ends> {
    const attempt = this.dial(listener.at)
    await this.until('end of the dial', () => attempt.isOver)
    const near = attempt.end
    assert.ok(near !== undefined, `the dial failed: ${String(attempt.error)}`)
    const { port } = near.connection.peer.local
    const far = (): End | undefined =>
      listener.taken.find(({ connection }) => connection.peer.remote.port === port)
    await this.until('accepted connection', () => far() !== undefined)
    // Lets the last messages of a handshake arrive.
    for (let waits = 0; waits < 5; waits++) await this.wait(1)
    return { near, far: far() ?? near }
  }

  #endOf(name: string): (connection: Connection) => End {
    return (connection) => {
      const end = new End(name, connection, this.#breaches)
      this.#ends.push(end)
      return end
    }
  }

  // ── ending ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Ends everything, waits until all callbacks have come, and checks that the contract was not broken. */
  async finish(): Promise<void> {
    this.#endAll()
    await this.until('closed of every end', () => this.#ends.every(({ isClosed }) => isClosed))
    await this.rest()
    this.#breaches.assertNone()
  }

  /** Ends everything after a check has failed. If the contract was broken, reports this instead of the failure. */
  async fail(error: unknown): Promise<never> {
    try {
      this.#endAll()
      await this.rest()
    } catch {
      // The first failure is the one to report.
    }
    if (this.#breaches.any) this.#breaches.assertNone()
    throw error
  }

  #endAll(): void {
    for (const attempt of this.#attempts) if (!attempt.isOver) attempt.cancel()
    for (const listener of this.#listeners) listener.close()
    for (const end of this.#ends) if (!end.isClosed) end.destroy()
  }
}

/** Creates a check that runs on separate hosts and ends everything afterwards. */
export type Play = (name: string, act: (stage: TransportStage) => Promise<void>) => Check

export function playOn(open: () => TransportHosts | Promise<TransportHosts>): Play {
  return (name, act) => ({
    name,
    check: async () => {
      const hosts = await open()
      const stage = new TransportStage(hosts)
      try {
        await act(stage).catch((error: unknown) => stage.fail(error))
        await stage.finish()
      } finally {
        await hosts.close?.()
      }
    },
  })
}

function realTime(ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (ms === 0) setImmediate(resolve)
    else setTimeout(resolve, ms)
  })
}
