const EVENT_END = '\n\n'
const DATA = 'data: '

/** Splits a stream of server-sent events. The time is proportional to the text, in whatever parts it arrives. */
export class EventSplitter {
  readonly #lengthMax: number
  /** The beginning of the event that has not ended. */
  #parts: string[] = []
  #length = 0

  /** @param lengthMax the longest event, in UTF-16 units */
  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax
  }

  /** @returns the `data` of each event that ends in this part. @throws Error if an event is too long */
  *push(part: string): Generator<string> {
    let from = 0
    // The end of an event may be split between two parts.
    if (part.startsWith('\n') && this.#parts.at(-1)?.endsWith('\n') === true) {
      from = 1
      yield* this.#ended()
    }
    for (let at = part.indexOf(EVENT_END, from); at !== -1; at = part.indexOf(EVENT_END, from)) {
      this.#add(part.slice(from, at))
      from = at + EVENT_END.length
      yield* this.#ended()
    }
    this.#add(part.slice(from))
  }

  #add(part: string): void {
    if (part === '') return
    this.#length += part.length
    if (this.#length > this.#lengthMax) throw new Error('an event is too long')
    this.#parts.push(part)
  }

  *#ended(): Generator<string> {
    const lines = this.#parts.join('').split('\n')
    const data = lines.find((line) => line.startsWith(DATA))?.slice(DATA.length)
    this.#parts = []
    this.#length = 0
    if (data !== undefined) yield data
  }
}
