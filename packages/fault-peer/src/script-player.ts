import { messageText } from '@commloop/core'
import { setTimeout as delay } from 'node:timers/promises'
import { ConnectionList } from './connection-list.js'
import type { ConnectionSource } from './connection-source.js'
import { Expectations, NotHeld } from './expectations.js'
import type { FaultEvent, FaultReport } from './fault-report.js'
import type { FaultStep } from './fault-step.js'
import { PeerConnection } from './peer-connection.js'
import { stepText } from './step-text.js'
import { wireFrame, type WireShape } from './wire-shape.js'

/** What a player needs to play its script. */
export interface Stage {
  readonly source: ConnectionSource
  readonly shape: WireShape
  readonly durationMsMax: number
  readonly onEvent: (event: FaultEvent) => void
}

type RepeatStep = Extract<FaultStep, { readonly do: 'repeat' }>
type SendStep = Extract<
  FaultStep,
  { readonly do: 'send frames' | 'send bytes' | 'send part of a frame' }
>

/** Plays one script, once. */
export class ScriptPlayer {
  readonly #stage: Stage
  readonly #connections = new ConnectionList()
  readonly #abort = new AbortController()
  readonly #expectations = new Expectations(this.#connections, this.#abort.signal)
  readonly #startedMs = performance.now()

  constructor(stage: Stage) {
    this.#stage = stage
  }

  /** Ends the script and resets its connections; `play` then resolves. */
  stop(): void {
    this.#abort.abort()
    this.#expectations.look()
    this.#cutAll()
  }

  /** Plays all steps, or until an expectation is not met. Resets its connections at the end. */
  async play(steps: readonly FaultStep[]): Promise<FaultReport> {
    const { source, durationMsMax } = this.#stage
    const dialsBefore = source.dials
    const timer = setTimeout(() => {
      this.#abort.abort()
      this.#expectations.look()
    }, durationMsMax)
    let failure: string | undefined
    try {
      await this.#playAll(steps)
    } catch (error) {
      if (this.#abort.signal.aborted) failure = `not done within ${String(durationMsMax)} ms`
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
      dials: source.dials - dialsBefore,
      connections: this.#connections.all.map(({ report }) => report),
    }
  }

  #cutAll(): void {
    for (const connection of this.#connections.all) connection.cut()
  }

  #nowMs(): number {
    return Math.round(performance.now() - this.#startedMs)
  }

  #emit(by: FaultEvent['by'], text: string): void {
    this.#stage.onEvent({ atMs: this.#nowMs(), by, text })
  }

  async #playAll(steps: readonly FaultStep[]): Promise<void> {
    for (const step of steps) {
      this.#abort.signal.throwIfAborted()
      this.#emit('peer', stepText(step))
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
        await delay(step.ms, undefined, { signal: this.#abort.signal })
        return
      case 'repeat':
        return this.#repeat(step)
      case 'send frames':
      case 'send bytes':
      case 'send part of a frame':
        return this.#send(step)
      case 'stop reading':
        this.#connections.at(step.on).stopReading()
        return
      case 'read slowly':
        this.#connections.at(step.on).readSlowly(step.bytes, step.everyMs)
        return
      case 'read on':
        this.#connections.at(step.on).readOn()
        return
      case 'send FIN':
        this.#connections.at(step.on).sendFin()
        return
      case 'reset':
        return this.#connections.at(step.on).reset()
      default:
        return this.#expectations.expect(step)
    }
  }

  async #repeat(step: RepeatStep): Promise<void> {
    for (let turn = 0; turn < step.times; turn++) {
      if (step.untilEnd === true && this.#connections.newest?.isOpen === false) return
      for (const inner of step.steps) {
        this.#abort.signal.throwIfAborted()
        if (inner.do === 'repeat') this.#emit('peer', stepText(inner))
        await this.#playOne(inner)
      }
    }
  }

  async #open(withinMs: number | undefined): Promise<void> {
    const { source, shape } = this.#stage
    const number = this.#connections.nextNumber
    const next = source.next(withinMs ?? source.nextMsDefault, this.#abort.signal)
    const socket = await next.catch((error: unknown) => {
      throw new NotHeld(messageText(error))
    })
    let ended = false
    const connection: PeerConnection = new PeerConnection(
      number,
      socket,
      shape,
      () => this.#nowMs(),
      () => {
        if (connection.end !== undefined && !ended) {
          ended = true
          this.#emit('node', `${connection.end} on connection ${String(number)}`)
        }
        this.#expectations.look()
      },
    )
    this.#connections.add(connection)
    connection.readOn()
    if (source.nodeDials) this.#emit('node', `dialled: connection ${String(number)}`)
  }

  async #send(step: SendStep): Promise<void> {
    const connection = this.#connections.at(step.on)
    const { shape } = this.#stage
    switch (step.do) {
      case 'send frames': {
        const frames = step.payloads.map((payload) => wireFrame(payload, shape))
        const writes = step.inOneSegment === true ? [Buffer.concat(frames)] : frames
        for (const bytes of writes) await this.#orAborted(connection.send(bytes))
        return
      }
      case 'send bytes':
        return this.#sendPaced(connection, bytesOf(step.bytes), step.paceMs)
      case 'send part of a frame': {
        const frame = wireFrame(step.payload, shape)
        return this.#sendPaced(connection, frame.subarray(0, step.bytes), step.paceMs)
      }
    }
  }

  async #sendPaced(
    connection: PeerConnection,
    bytes: Uint8Array,
    paceMs: number | undefined,
  ): Promise<void> {
    if (paceMs === undefined) await this.#orAborted(connection.send(bytes))
    else await connection.sendByteByByte(bytes, paceMs, this.#abort.signal)
  }

  /** A write never finishes if the node does not read, so the time limit of the script ends it. */
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
}

function bytesOf(bytes: Uint8Array | string): Uint8Array {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
}
