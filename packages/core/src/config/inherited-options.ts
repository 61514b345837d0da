import type { ConfigProblem } from './config-problem.js'
import type { LinkOptions } from './node-options.js'
import type { OptionReader } from './option-reader.js'

type Path = ConfigProblem['path']

/**
 * The link options at the top, which every entry inherits. Each option is resolved once: when the first entry inherits
 * it. A mistake at the top is therefore reported once, and only if an entry inherits it.
 */
export class InheritedOptions {
  readonly #top: LinkOptions
  readonly #values = new Map<keyof LinkOptions, unknown>()
  readonly #conflicts = new Set<string>()

  constructor(top: LinkOptions) {
    this.#top = top
  }

  value<Key extends keyof LinkOptions, Value>(
    key: Key,
    resolve: (written: LinkOptions[Key], path: Path) => Value,
  ): Value {
    if (!this.#values.has(key)) this.#values.set(key, resolve(this.#top[key], [key]))
    return this.#values.get(key) as Value
  }

  /** Whether the same conflict of an inherited option was not seen before, with another entry. */
  isNewConflict(key: keyof LinkOptions, message: string): boolean {
    const conflict = `${key} ${message}`
    if (this.#conflicts.has(conflict)) return false
    this.#conflicts.add(conflict)
    return true
  }
}

/** The link options of one entry: its own over the inherited ones. */
export class EntryLinkOptions {
  readonly #reader: OptionReader
  readonly #inherited: InheritedOptions
  readonly #own: LinkOptions
  readonly #path: Path

  /** @param path of the entry */
  constructor(reader: OptionReader, inherited: InheritedOptions, own: LinkOptions, path: Path) {
    this.#reader = reader
    this.#inherited = inherited
    this.#own = own
    this.#path = path
  }

  /**
   * The resolved option. For one option all callers must pass an equivalent `resolve`: the value of an inherited option
   * is kept for the next entry.
   */
  value<Key extends keyof LinkOptions, Value>(
    key: Key,
    resolve: (written: LinkOptions[Key], path: Path) => Value,
  ): Value {
    const written = this.#own[key]
    if (written !== undefined) return resolve(written, [...this.#path, key])
    return this.#inherited.value(key, resolve)
  }

  /** Reports an option that does not fit another option of the same entry. */
  conflict(key: keyof LinkOptions, message: string): void {
    if (this.#own[key] !== undefined) this.#reader.problem([...this.#path, key], message)
    else if (this.#inherited.isNewConflict(key, message)) this.#reader.problem([key], message)
  }
}
