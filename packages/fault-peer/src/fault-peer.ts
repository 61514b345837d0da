import { setTimeout as delay } from 'node:timers/promises'
import {
  AcceptedConnections,
  type ConnectionSource,
  DialledConnections,
  type Place,
} from './connection-source.js'
import type { FaultEvent, FaultReport } from './fault-report.js'
import type { ExpectStep, FaultStep } from './fault-step.js'
import { PeerConnection } from './peer-connection.js'
import { counted, stepText } from './step-text.js'
import { STANDARD_SHAPE, wireFrame, type WireShape } from './wire-shape.js'

export interface FaultPeerOptions {
  /** How it frames; default: two bytes, big endian. */
  readonly shape?: WireShape
  /** A script that takes longer has not held; default 60 s. */
  readonly durationMsMax?: number
  /** Hears what the peer does and what the node did, as it happens. */
  readonly onEvent?: (event: FaultEvent) => void
}

const DURATION_MS_STANDARD = 60_000
const DIAL_MS_MAX = 5_000
/** A node may wait this long before it dials again: the longest delay of the default backoff, and some. */
const DIALLED_MS_MAX = 35_000
/** Connections of one script, the ended ones included. */
const CONNECTIONS_MAX = 4_096

/** What the script expects is not so. */
class NotHeld extends Error {}

/**
 * A peer that misbehaves by a script, on real sockets. It dials a node from an address of its choice, or listens
 * where a node dials, does what the steps say, and reports what it saw.
 *
 * Everything is bounded: each step has its time, the whole has one, and what is kept of what was received as well.
 */
export class FaultPeer {
  readonly #source: ConnectionSource
  readonly #shape: WireShape
  readonly #durationMsMax: number
  readonly #onEvent: (event: FaultEvent) => void
  readonly #all = new Set<PeerConnection>()
  #connections: PeerConnection[] = []
  #startedMs = 0
  #abort = new AbortController()
  #look: () => void = () => undefined

  private constructor(source: ConnectionSource, options: FaultPeerOptions) {
    this.#source = source
    this.#shape = options.shape ?? STANDARD_SHAPE
    this.#durationMsMax = options.durationMsMax ?? DURATION_MS_STANDARD
    this.#onEvent = options.onEvent ?? (() => undefined)
  }

  /** A peer that dials a node. `from`: the address by which the node knows it; left out: the system chooses. */
  static dialling(
    node: Place & { readonly from?: string | undefined },
    options: FaultPeerOptions = {},
  ): FaultPeer {
    return new FaultPeer(new DialledConnections(node, node.from), options)
  }

  /** A peer that a node dials. Port 0: any that is free, see `port`. @throws Error where it cannot listen there. */
  static async listening(at: Place, options: FaultPeerOptions = {}): Promise<FaultPeer> {
    return new FaultPeer(await AcceptedConnections.listen(at), options)
  }

  /** Where it listens; 0 where it dials. */
  get port(): number {
    return this.#source instanceof AcceptedConnections ? this.#source.port : 0
  }

  /** Plays one script to its end, or to what does not hold. Its connections are reset afterwards. */
  async play(steps: readonly FaultStep[]): Promise<FaultReport> {
    this.#connections = []
    this.#startedMs = performance.now()
    const dialsBefore = this.#source.dials
    const abort = new AbortController()
    this.#abort = abort
    const timer = setTimeout(() => {
      abort.abort()
      this.#look()
    }, this.#durationMsMax)
    let failure: string | undefined
    try {
      await this.#playAll(steps)
    } catch (error) {
      if (abort.signal.aborted) failure = `not done within ${String(this.#durationMsMax)} ms`
      else if (error instanceof NotHeld) failure = error.message
      else throw error
    } finally {
      clearTimeout(timer)
      this.#cutAll()
    }
    return {
      held: failure === undefined,
      failure,
      durationMs: this.#nowMs(),
      dials: this.#source.dials - dialsBefore,
      connections: this.#connections.map(({ report }) => report),
    }
  }

  /** Resets what is open and listens no more; a script under way ends. */
  async close(): Promise<void> {
    this.#abort.abort()
    this.#look()
    this.#cutAll()
    await this.#source.close()
  }

  #cutAll(): void {
    for (const connection of this.#all) connection.cut()
    this.#all.clear()
  }

  #nowMs(): number {
    return Math.round(performance.now() - this.#startedMs)
  }

  #tell(by: FaultEvent['by'], text: string): void {
    this.#onEvent({ atMs: this.#nowMs(), by, text })
  }

  // ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────

  async #playAll(steps: readonly FaultStep[]): Promise<void> {
    for (const step of steps) {
      this.#abort.signal.throwIfAborted()
      if (step.do !== 'repeat') this.#tell('peer', stepText(step))
      await this.#playOne(step)
    }
  }

  async #playOne(step: FaultStep): Promise<void> {
    switch (step.do) {
      case 'open':
        return this.#open(step.withinMs)
      case 'open many':
        for (let count = 0; count < step.count; count++) await this.#open(undefined)
        return
      case 'wait':
        return this.#wait(step.ms)
      case 'repeat':
        return this.#repeat(step)
      case 'send frames':
      case 'send bytes':
      case 'send part of a frame':
        return this.#send(step)
      case 'stop reading':
        this.#at(step.on).stopReading()
        return
      case 'read slowly':
        this.#at(step.on).readSlowly(step.bytes, step.everyMs)
        return
      case 'read on':
        this.#at(step.on).readOn()
        return
      case 'send FIN':
        this.#at(step.on).sendFin()
        return
      case 'reset':
        return this.#at(step.on).reset()
      default:
        return this.#expect(step)
    }
  }

  async #open(withinMs: number | undefined): Promise<void> {
    if (this.#connections.length === CONNECTIONS_MAX) {
      throw new Error(`a script opens at most ${String(CONNECTIONS_MAX)} connections`)
    }
    const standardMs = this.#source instanceof AcceptedConnections ? DIALLED_MS_MAX : DIAL_MS_MAX
    const { signal } = this.#abort
    const next = this.#source.next(withinMs ?? standardMs, signal)
    const socket = await next.catch((error: unknown) => {
      throw new NotHeld(error instanceof Error ? error.message : String(error))
    })
    const number = this.#connections.length + 1
    let told = false
    const connection: PeerConnection = new PeerConnection(
      number,
      socket,
      this.#shape,
      () => this.#nowMs(),
      () => {
        if (connection.end !== undefined && !told) {
          told = true
          this.#tell('node', `${connection.end} on connection ${String(number)}`)
        }
        this.#look()
      },
    )
    this.#connections.push(connection)
    this.#all.add(connection)
    connection.readOn()
    if (this.#source instanceof AcceptedConnections) {
      this.#tell('node', `dialled: connection ${String(number)}`)
    }
  }

  async #send(step: Extract<FaultStep, { readonly do: `send ${string}`; readonly on?: number }>) {
    const connection = this.#at(step.on)
    switch (step.do) {
      case 'send frames': {
        const frames = step.payloads.map((payload) => wireFrame(payload, this.#shape))
        const writes = step.inOneSegment === true ? [Buffer.concat(frames)] : frames
        for (const bytes of writes) await this.#orAborted(connection.send(bytes))
        return
      }
      case 'send bytes':
        return this.#sendPaced(connection, bytesOf(step.bytes), step.paceMs)
      case 'send part of a frame': {
        const frame = wireFrame(step.payload, this.#shape)
        return this.#sendPaced(connection, frame.subarray(0, step.bytes), step.paceMs)
      }
      case 'send FIN':
        connection.sendFin()
    }
  }

  async #sendPaced(connection: PeerConnection, bytes: Uint8Array, paceMs: number | undefined) {
    if (paceMs === undefined) await this.#orAborted(connection.send(bytes))
    else await connection.sendByteByByte(bytes, paceMs, this.#abort.signal)
  }

  /** A node that does not read holds up a write for ever; the script's own time ends it. */
  async #orAborted(done: Promise<void>): Promise<void> {
    const { signal } = this.#abort
    await new Promise<void>((resolve, reject) => {
      const aborted = (): void => {
        reject(new Error('aborted'))
      }
      signal.addEventListener('abort', aborted, { once: true })
      void done.then(() => {
        signal.removeEventListener('abort', aborted)
        resolve()
      })
    })
  }

  async #repeat(step: Extract<FaultStep, { readonly do: 'repeat' }>): Promise<void> {
    this.#tell('peer', stepText(step))
    for (let turn = 0; turn < step.times; turn++) {
      if (step.untilEnd === true && this.#connections.at(-1)?.isOpen === false) return
      for (const inner of step.steps) {
        this.#abort.signal.throwIfAborted()
        await this.#playOne(inner)
      }
    }
  }

  async #wait(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#abort.signal })
  }

  #at(number: number | undefined): PeerConnection {
    const at = number === undefined ? this.#connections.length - 1 : number - 1
    const connection = this.#connections[at]
    if (connection === undefined) {
      throw new Error(`the script names connection ${String(number ?? 1)} before it is opened`)
    }
    return connection
  }

  // ── expectations ────────────────────────────────────────────────────────────────────────────────────────────

  async #expect(step: ExpectStep): Promise<void> {
    switch (step.do) {
      case 'expect frames': {
        const connection = this.#at(step.on)
        const enough = (): boolean => connection.receivedFrames >= step.count
        if (await this.#became(enough, step.withinMs)) return
        throw new NotHeld(
          `the node sent ${counted(connection.receivedFrames, 'frame')} in place of ` +
            `${String(step.count)} within ${String(step.withinMs)} ms`,
        )
      }
      case 'expect at most': {
        const { receivedFrames } = this.#at(step.on)
        if (receivedFrames <= step.frames) return
        throw new NotHeld(
          `the node sent ${counted(receivedFrames, 'frame')}, more than ${String(step.frames)}`,
        )
      }
      case 'expect end':
        return this.#expectEnd(step)
      case 'expect open': {
        const connection = this.#at(step.on)
        if (!(await this.#became(() => !connection.isOpen, step.forMs))) return
        throw new NotHeld(
          `the node ended connection ${String(connection.number)} with ${connection.end ?? 'an end'}`,
        )
      }
      case 'expect open at most': {
        const few = (): boolean => this.#openConnections() <= step.connections
        if (await this.#became(few, step.afterMs)) return
        throw new NotHeld(
          `the node keeps ${counted(this.#openConnections(), 'connection')}, ` +
            `more than ${String(step.connections)}`,
        )
      }
      case 'expect dials apart':
        this.#expectDialsApart(step.ms)
    }
  }

  async #expectEnd(step: Extract<FaultStep, { readonly do: 'expect end' }>): Promise<void> {
    const connection = this.#at(step.on)
    const ended = await this.#became(() => connection.end !== undefined, step.withinMs)
    if (!ended) {
      if (connection.receivedBytes < (step.unlessQuieterThan ?? 0)) return
      throw new NotHeld(
        `the node has not ended connection ${String(connection.number)} ` +
          `within ${String(step.withinMs)} ms`,
      )
    }
    if (step.how === undefined || connection.end === step.how) return
    throw new NotHeld(`the node ended with ${connection.end ?? 'nothing'} in place of ${step.how}`)
  }

  #expectDialsApart(ms: number): void {
    const openedMs = this.#connections.map(({ report }) => report.openedMs)
    const gapsMs = openedMs.slice(1).map((atMs, index) => atMs - (openedMs[index] ?? 0))
    const least = Math.min(...gapsMs)
    if (least >= ms) return
    throw new NotHeld(`the node dialled again after ${String(least)} ms, less than ${String(ms)}`)
  }

  #openConnections(): number {
    return this.#connections.filter(({ isOpen }) => isOpen).length
  }

  /** Whether the condition comes to hold in time. Looked at whenever a connection has something to tell. */
  #became(condition: () => boolean, withinMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer)
        this.#look = () => undefined
        if (this.#abort.signal.aborted) reject(new Error('aborted'))
        else resolve(condition())
      }
      const timer = setTimeout(settle, withinMs)
      this.#look = () => {
        if (condition() || this.#abort.signal.aborted) settle()
      }
      this.#look()
    })
  }
}

function bytesOf(bytes: Uint8Array | string): Uint8Array {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
}
