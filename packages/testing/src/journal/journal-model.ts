import type { FoundQueue, StoredFacts } from '@commloop/core'

/** A message of the model. */
export interface ModelMessage extends StoredFacts {
  readonly number: number
  readonly payload: Uint8Array
  readonly enteredUtcMs: number
}

/** A queue of the model. */
export interface ModelQueue {
  readonly next: number
  readonly messages: ReadonlyMap<number, ModelMessage>
  readonly note: Uint8Array | undefined
}

interface ChangingQueue extends ModelQueue {
  next: number
  readonly messages: Map<number, ModelMessage>
  note: Uint8Array | undefined
}

/** One thing that was given to the journal. */
export type ModelStep =
  | { readonly kind: 'enter'; readonly queue: string; readonly message: ModelMessage }
  | {
      readonly kind: 'leave'
      readonly queue: string
      readonly first: number
      readonly count: number
    }
  | { readonly kind: 'note'; readonly queue: string; readonly note: Uint8Array | undefined }
  | { readonly kind: 'forget'; readonly queue: string }

/** What was given within one callback. A crash keeps all of it or nothing. */
export interface ModelGroup {
  readonly ticket: number
  readonly steps: readonly ModelStep[]
}

/** All queues after some groups. */
export class ModelState {
  readonly #queues = new Map<string, ChangingQueue>()

  get queues(): ReadonlyMap<string, ModelQueue> {
    return this.#queues
  }

  copy(): ModelState {
    const copy = new ModelState()
    for (const [name, queue] of this.#queues) {
      copy.#queues.set(name, { ...queue, messages: new Map(queue.messages) })
    }
    return copy
  }

  /** One more group. */
  add(group: ModelGroup): void {
    for (const step of group.steps) this.#apply(step)
  }

  /** How what a journal has found differs from this state; undefined: not at all. */
  differs(found: readonly FoundQueue[]): string | undefined {
    const names = found.map(({ name }) => name)
    if (new Set(names).size !== names.length) return 'a queue was found twice'
    for (const name of names) if (!this.#queues.has(name)) return `queue ${name} was found`
    for (const [name, queue] of this.#queues) {
      const other = found.find((candidate) => candidate.name === name)
      const difference = other === undefined ? 'it is missing' : queueDifference(queue, other)
      if (difference !== undefined) return `queue ${name}: ${difference}`
    }
    return undefined
  }

  #apply(step: ModelStep): void {
    if (step.kind === 'forget') this.#queues.delete(step.queue)
    else if (step.kind === 'note') this.#made(step.queue).note = step.note
    else if (step.kind === 'enter') {
      const queue = this.#made(step.queue)
      queue.messages.set(step.message.number, step.message)
      queue.next = step.message.number + 1
    } else {
      const messages = this.#queues.get(step.queue)?.messages
      for (let at = 0; at < step.count; at++) messages?.delete(step.first + at)
    }
  }

  #made(name: string): ChangingQueue {
    const present = this.#queues.get(name)
    if (present !== undefined) return present
    const queue = { next: 1, messages: new Map<number, ModelMessage>(), note: undefined }
    this.#queues.set(name, queue)
    return queue
  }
}

function queueDifference(model: ModelQueue, found: FoundQueue): string | undefined {
  if (found.next !== model.next) {
    return `the next number is ${String(found.next)} instead of ${String(model.next)}`
  }
  if (!sameBytes(found.note, model.note)) return 'it has another note'
  const numbers = found.messages.map(({ number }) => number)
  if (numbers.some((number, at) => number <= (numbers[at - 1] ?? 0))) return 'its order is wrong'
  const extra = numbers.find((number) => !model.messages.has(number))
  if (extra !== undefined) return `${String(extra)} was found`
  const listed = new Map(found.messages.map((message) => [message.number, message]))
  for (const [number, message] of model.messages) {
    const other = listed.get(number)
    if (other === undefined) return `${String(number)} is missing`
    const isSame =
      other.id === message.id &&
      other.expiresAtUtcMs === message.expiresAtUtcMs &&
      other.payloadBytes === message.payload.length
    if (!isSame) return `${String(number)} has other facts`
  }
  const oldest = model.messages.get(numbers[0] ?? 0)?.enteredUtcMs
  if (found.oldestUtcMs !== oldest) {
    return `its oldest message is of ${String(found.oldestUtcMs)} instead of ${String(oldest)}`
  }
  return undefined
}

export function sameBytes(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  if (left === undefined || right === undefined) return left === right
  return Buffer.compare(left, right) === 0
}
