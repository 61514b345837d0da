import type { ConnectionList } from './connection-list.js'
import type { ExpectStep } from './fault-step.js'
import { counted } from './step-text.js'

/** An expectation of the script was not met. The message becomes the `failure` of the report. */
export class NotHeld extends Error {}

/** Checks the steps that expect something of the node, each within its time. */
export class Expectations {
  readonly #connections: ConnectionList
  readonly #signal: AbortSignal
  #look: () => void = () => undefined

  constructor(connections: ConnectionList, signal: AbortSignal) {
    this.#connections = connections
    this.#signal = signal
  }

  /** Checks the condition that a step waits for. Called after every change, and after an abort. */
  look(): void {
    this.#look()
  }

  /** @throws NotHeld if the expectation is not met in time; Error after an abort */
  async expect(step: ExpectStep): Promise<void> {
    switch (step.do) {
      case 'expect frames':
        return this.#expectFrames(step)
      case 'expect at most': {
        const { receivedFrames } = this.#connections.at(step.on)
        if (receivedFrames <= step.frames) return
        throw new NotHeld(
          `the node sent ${counted(receivedFrames, 'frame')}, more than ${String(step.frames)}`,
        )
      }
      case 'expect end':
        return this.#expectEnd(step)
      case 'expect open':
        return this.#expectOpen(step)
      case 'expect open at most': {
        const few = (): boolean => this.#connections.open <= step.connections
        if (await this.#became(few, step.afterMs)) return
        throw new NotHeld(
          `the node keeps ${counted(this.#connections.open, 'connection')}, ` +
            `more than ${String(step.connections)}`,
        )
      }
      case 'expect dials apart':
        this.#expectDialsApart(step.ms)
    }
  }

  async #expectFrames(step: Extract<ExpectStep, { readonly do: 'expect frames' }>): Promise<void> {
    const connection = this.#connections.at(step.on)
    const enough = (): boolean => connection.receivedFrames >= step.count
    if (await this.#became(enough, step.withinMs)) return
    throw new NotHeld(
      `the node sent ${counted(connection.receivedFrames, 'frame')} instead of ` +
        `${String(step.count)} within ${String(step.withinMs)} ms`,
    )
  }

  async #expectEnd(step: Extract<ExpectStep, { readonly do: 'expect end' }>): Promise<void> {
    const connection = this.#connections.at(step.on)
    const ended = await this.#became(() => connection.end !== undefined, step.withinMs)
    if (!ended) {
      if (connection.receivedBytes < (step.unlessQuieterThan ?? 0)) return
      throw new NotHeld(
        `the node has not ended connection ${String(connection.number)} ` +
          `within ${String(step.withinMs)} ms`,
      )
    }
    if (step.how === undefined || connection.end === step.how) return
    throw new NotHeld(`the node ended with ${connection.end ?? 'nothing'} instead of ${step.how}`)
  }

  async #expectOpen(step: Extract<ExpectStep, { readonly do: 'expect open' }>): Promise<void> {
    const connection = this.#connections.at(step.on)
    if (!(await this.#became(() => !connection.isOpen, step.forMs))) return
    throw new NotHeld(
      `the node ended connection ${String(connection.number)} with ${connection.end ?? 'an end'}`,
    )
  }

  #expectDialsApart(ms: number): void {
    const openedMs = this.#connections.all.map(({ report }) => report.openedMs)
    const gapsMs = openedMs.slice(1).map((atMs, index) => atMs - (openedMs[index] ?? 0))
    const least = Math.min(...gapsMs)
    if (least >= ms) return
    throw new NotHeld(`the node dialled again after ${String(least)} ms, less than ${String(ms)}`)
  }

  /** Whether the condition becomes true in time. @throws Error after an abort */
  #became(condition: () => boolean, withinMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer)
        this.#look = () => undefined
        if (this.#signal.aborted) reject(new Error('aborted'))
        else resolve(condition())
      }
      const timer = setTimeout(settle, withinMs)
      this.#look = () => {
        if (condition() || this.#signal.aborted) settle()
      }
      this.#look()
    })
  }
}
