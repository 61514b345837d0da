import type { ConfigProblem } from './config-problem.js'
import {
  LINK_OPTION_KEYS,
  type LinkOptionKey,
  type ResolvedOption,
  resolveOption,
} from './link-option.js'
import type { LinkOptions } from './node-options.js'
import type { OptionReader } from './option-reader.js'

type Path = ConfigProblem['path']

/**
 * The link options at the top, which every entry inherits. Each option is resolved once, so a mistake at the top is
 * reported once: at the first entry that inherits it.
 */
export class InheritedOptions {
  readonly #reader: OptionReader
  readonly #top: LinkOptions
  readonly #values = new Map<LinkOptionKey, unknown>()
  readonly #conflicts = new Set<string>()

  constructor(reader: OptionReader, top: LinkOptions) {
    this.#reader = reader
    this.#top = top
  }

  value<Key extends LinkOptionKey>(key: Key): ResolvedOption<Key> {
    if (!this.#values.has(key)) {
      this.#values.set(key, resolveOption(key, this.#reader, [key], this.#top))
    }
    return this.#values.get(key) as ResolvedOption<Key>
  }

  /** Reports the mistakes of options that no entry inherited. */
  checkRest(): void {
    for (const key of LINK_OPTION_KEYS) this.value(key)
  }

  /** Reports once that an option does not fit the own options of entries. */
  conflict(key: LinkOptionKey, message: string): void {
    const conflict = `${key} ${message}`
    if (this.#conflicts.has(conflict)) return
    this.#conflicts.add(conflict)
    this.#reader.problem([key], message)
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

  /** The resolved option; undefined if it is absent or wrong. */
  value<Key extends LinkOptionKey>(key: Key): ResolvedOption<Key> {
    if (this.#own[key] === undefined) return this.#inherited.value(key)
    return resolveOption(key, this.#reader, [...this.#path, key], this.#own)
  }

  /** Reports that an option does not fit another option of the same entry. */
  conflict(key: LinkOptionKey, message: string): void {
    if (this.#own[key] === undefined) this.#inherited.conflict(key, message)
    else this.#reader.problem([...this.#path, key], message)
  }
}
