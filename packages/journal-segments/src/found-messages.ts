import type { FoundMessage } from '@commloop/core'

const PAGE_NUMBERS = 128

interface Page {
  readonly messages: (FoundMessage | undefined)[]
  readonly enteredUtcMs: Float64Array
}

/** The messages of a queue while a start reads the segments. Pages, because a map would double their memory. */
export class FoundMessages {
  readonly #pages = new Map<number, Page>()

  set(message: FoundMessage, enteredUtcMs: number): void {
    const index = Math.floor(message.number / PAGE_NUMBERS)
    let page = this.#pages.get(index)
    if (page === undefined) {
      page = {
        messages: new Array<undefined>(PAGE_NUMBERS).fill(undefined),
        enteredUtcMs: new Float64Array(PAGE_NUMBERS),
      }
      this.#pages.set(index, page)
    }
    page.messages[message.number % PAGE_NUMBERS] = message
    page.enteredUtcMs[message.number % PAGE_NUMBERS] = enteredUtcMs
  }

  /** Removes the messages from `first` to `end` - 1. */
  remove(first: number, end: number): void {
    const firstPage = Math.floor(first / PAGE_NUMBERS)
    const lastPage = Math.floor((end - 1) / PAGE_NUMBERS)
    for (const [index, page] of this.#within(firstPage, lastPage)) {
      const from = Math.max(first - index * PAGE_NUMBERS, 0)
      const to = Math.min(end - index * PAGE_NUMBERS, PAGE_NUMBERS)
      page.messages.fill(undefined, from, to)
      if (from === 0 && to === PAGE_NUMBERS) this.#pages.delete(index)
    }
  }

  /** All messages in the order of their numbers, and when the oldest of them entered. */
  take(): { messages: FoundMessage[]; oldestUtcMs: number | undefined } {
    const messages: FoundMessage[] = []
    let oldestUtcMs: number | undefined
    for (const index of [...this.#pages.keys()].sort((left, right) => left - right)) {
      const page = this.#pages.get(index)
      this.#pages.delete(index)
      for (const message of page?.messages ?? []) {
        if (message === undefined) continue
        oldestUtcMs ??= page?.enteredUtcMs[message.number % PAGE_NUMBERS]
        messages.push(message)
      }
    }
    return { messages, oldestUtcMs }
  }

  #within(firstPage: number, lastPage: number): [number, Page][] {
    if (lastPage - firstPage > this.#pages.size) {
      return [...this.#pages].filter(([index]) => index >= firstPage && index <= lastPage)
    }
    const pages: [number, Page][] = []
    for (let index = firstPage; index <= lastPage; index++) {
      const page = this.#pages.get(index)
      if (page !== undefined) pages.push([index, page])
    }
    return pages
  }
}
