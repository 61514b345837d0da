import assert from 'node:assert/strict'

/** What a transport did that it never may, whichever promise is being looked at. */
export class Breaches {
  readonly #told: string[] = []
  /** The call into the transport that has not returned yet. */
  #call: string | undefined

  /** Makes a call into the transport. A callback that comes before it has returned is a breach. */
  during<T>(call: string, action: () => T): T {
    const outer = this.#call
    this.#call = call
    try {
      return action()
    } finally {
      this.#call = outer
    }
  }

  /** Every callback of the transport begins with this. */
  calledBack(callback: string, broken: Readonly<Record<string, boolean>>): void {
    if (this.#call !== undefined) this.add(`${callback} came before ${this.#call} had returned`)
    for (const [text, isBroken] of Object.entries(broken)) {
      if (isBroken) this.add(`${callback} came ${text}`)
    }
  }

  add(text: string): void {
    if (!this.#told.includes(text)) this.#told.push(text)
  }

  get any(): boolean {
    return this.#told.length > 0
  }

  assertNone(): void {
    assert.ok(!this.any, this.#told.join('; '))
  }
}
