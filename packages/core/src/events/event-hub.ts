import type { NodeEvents, ReceivedMessage } from '../contracts/node-events.js'

export type EventListener<Name extends keyof NodeEvents> = (event: NodeEvents[Name]) => void

type Listeners = { [Name in keyof NodeEvents]: readonly EventListener<Name>[] }

/**
 * Core's own dispatcher: a listener is a function call, and one that throws costs neither its neighbours nor the
 * connection whose bytes it was hearing about.
 */
export class EventHub {
  // Replaced, never changed, so that a listener may come or go while an event is being told.
  #listeners: Listeners = {
    message: [],
    passing: [],
    link: [],
    outcome: [],
    drain: [],
    rejected: [],
    audit: [],
    warning: [],
  }
  readonly #threw: (name: keyof NodeEvents, cause: unknown) => void
  /** Somebody listens to `passing`. A plain field: it is looked at for every payload. */
  watched = false

  /** @param threw hears of a listener that threw, or whose promise was rejected */
  constructor(threw: (name: keyof NodeEvents, cause: unknown) => void) {
    this.#threw = threw
  }

  on<Name extends keyof NodeEvents>(name: Name, listener: EventListener<Name>): void {
    this.#set(name, [...this.#listeners[name], listener])
  }

  off<Name extends keyof NodeEvents>(name: Name, listener: EventListener<Name>): void {
    const present: readonly EventListener<Name>[] = this.#listeners[name]
    const at = present.indexOf(listener)
    if (at !== -1) this.#set(name, [...present.slice(0, at), ...present.slice(at + 1)])
  }

  #set<Name extends keyof NodeEvents>(name: Name, listeners: readonly EventListener<Name>[]): void {
    this.#listeners = { ...this.#listeners, [name]: listeners }
    this.watched = this.#listeners.passing.length > 0
  }

  heard(name: keyof NodeEvents): boolean {
    return this.#listeners[name].length > 0
  }

  emit<Name extends keyof NodeEvents>(name: Name, event: NodeEvents[Name]): void {
    const listeners: readonly EventListener<Name>[] = this.#listeners[name]
    for (const listener of listeners) {
      try {
        this.#watch(name, this.#answer(listener, event))
      } catch (error) {
        this.#threw(name, error)
      }
    }
  }

  /** The same as `emit('message', …)`, apart because it is called for every frame. */
  emitMessage(event: ReceivedMessage): void {
    const listeners = this.#listeners.message
    // A counting loop: an iterator would be one more allocation for each frame.
    for (let at = 0; at < listeners.length; at++) {
      try {
        const answer: unknown = listeners[at]?.(event)
        if (answer !== undefined) this.#watch('message', answer)
      } catch (error) {
        this.#threw('message', error)
      }
    }
  }

  #answer<Event>(listener: (event: Event) => unknown, event: Event): unknown {
    return listener(event)
  }

  /** Nobody waits for a listener, but one that is `async` may fail all the same. */
  #watch(name: keyof NodeEvents, answer: unknown): void {
    if (!(answer instanceof Promise)) return
    answer.catch((error: unknown) => {
      this.#threw(name, error)
    })
  }
}
