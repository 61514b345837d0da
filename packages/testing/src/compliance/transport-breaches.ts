import assert from 'node:assert/strict'

/** Records callbacks that break the contract, in every check. */
export class Breaches {
  readonly #texts: string[] = []
  /** The call into the transport that has not returned yet. */
  #call: string | undefined

  /** Calls the transport. A callback before the call has returned breaks the contract. */
  during<T>(call: string, action: () => T): T {
    const outer = this.#call
    this.#call = call
    try {
      return action()
    } finally {
      this.#call = outer
    }
  }

  /** Called at the beginning of every callback of the transport. */
  calledBack(callback: string, broken: Readonly<Record<string, boolean>>): void {
    if (this.#call !== undefined)
      this.add(`${callback} was called before ${this.#call} had returned`)
    for (const [text, isBroken] of Object.entries(broken)) {
      if (isBroken) this.add(`${callback} was called ${text}`)
    }
  }

  add(text: string): void {
    if (!this.#texts.includes(text)) this.#texts.push(text)
  }

  get any(): boolean {
    return this.#texts.length > 0
  }

  assertNone(): void {
    assert.ok(!this.any, this.#texts.join('; '))
  }
}
