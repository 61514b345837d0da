import type { NodeEvents, ReceivedMessage } from '../contracts/node-events.js'

export type EventListener<Name extends keyof NodeEvents> = (event: NodeEvents[Name]) => void

/** Events under their present names. A former name shares the listeners of the present one. */
type EmittedName = Exclude<keyof NodeEvents, 'passing'>

type Listeners = { [Name in EmittedName]: readonly EventListener<Name>[] }

/**
 * Calls the listeners of a node's events. If a listener throws, this affects neither the other listeners nor the
 * connection that the event concerns.
 */
export class EventHub {
  // Replaced, never changed: a listener may be added or removed while an event is being emitted.
  #listeners: Listeners = {
    message: [],
    traffic: [],
    link: [],
    outcome: [],
    drain: [],
    rejected: [],
    audit: [],
    warning: [],
  }
  readonly #threw: (name: keyof NodeEvents, cause: unknown) => void
  // Plain fields, because they are read for every payload.
  /** `traffic` has listeners. */
  trafficWatched = false
  /** `message` has listeners. */
  messageWatched = false

  /** @param threw called if a listener throws, or if the promise that it returned is rejected */
  constructor(threw: (name: keyof NodeEvents, cause: unknown) => void) {
    this.#threw = threw
  }

  on<Name extends keyof NodeEvents>(name: Name, listener: EventListener<Name>): void {
    this.#set(name, [...this.#of(name), listener])
  }

  off<Name extends keyof NodeEvents>(name: Name, listener: EventListener<Name>): void {
    const present = this.#of(name)
    const at = present.indexOf(listener)
    if (at !== -1) this.#set(name, [...present.slice(0, at), ...present.slice(at + 1)])
  }

  #of<Name extends keyof NodeEvents>(name: Name): readonly EventListener<Name>[] {
    return this.#listeners[emittedName(name)] as readonly EventListener<Name>[]
  }

  #set<Name extends keyof NodeEvents>(name: Name, listeners: readonly EventListener<Name>[]): void {
    this.#listeners = { ...this.#listeners, [emittedName(name)]: listeners }
    this.trafficWatched = this.#listeners.traffic.length > 0
    this.messageWatched = this.#listeners.message.length > 0
  }

  hasListeners(name: EmittedName): boolean {
    return this.#listeners[name].length > 0
  }

  emit<Name extends EmittedName>(name: Name, event: NodeEvents[Name]): void {
    const listeners: readonly EventListener<Name>[] = this.#listeners[name]
    for (const listener of listeners) {
      try {
        this.#catchRejection(name, this.#call(listener, event))
      } catch (error) {
        this.#threw(name, error)
      }
    }
  }

  /** The same as `emit('message', …)`. A separate method, because it runs for every frame. */
  emitMessage(event: ReceivedMessage): void {
    const listeners = this.#listeners.message
    // A counting loop: an iterator would be one more allocation for each frame.
    for (let at = 0; at < listeners.length; at++) {
      try {
        const answer: unknown = listeners[at]?.(event)
        if (answer !== undefined) this.#catchRejection('message', answer)
      } catch (error) {
        this.#threw('message', error)
      }
    }
  }

  #call<Event>(listener: (event: Event) => unknown, event: Event): unknown {
    return listener(event)
  }

  /** The hub does not wait for an `async` listener, but reports if its promise is rejected. */
  #catchRejection(name: EmittedName, answer: unknown): void {
    if (!(answer instanceof Promise)) return
    answer.catch((error: unknown) => {
      this.#threw(name, error)
    })
  }
}

function emittedName(name: keyof NodeEvents): EmittedName {
  return name === 'passing' ? 'traffic' : name
}
