import { optionsError, type RejectedOption } from '../contracts/option-error.js'
import { describeValue } from './describe-value.js'
import { unknownOptionText } from './suggestion.js'

const TOP = { place: '', rejected: [] }

/**
 * Reads the options of a plugin, which may have any type because they may come from a file. Collects every mistake, so
 * that a user sees all of them at the first attempt.
 *
 * @example
 * const reader = new PluginOptionReader('codec mine', options, ['limit'])
 * const limit = reader.read('limit', 10, 'a whole number', (value) => (Number.isInteger(value) ? Number(value) : undefined))
 * reader.throwRejected()
 */
export class PluginOptionReader {
  readonly #plugin: string
  readonly #options: Readonly<Record<string, unknown>>
  readonly #place: string
  readonly #rejected: RejectedOption[]

  /**
   * @param plugin as messages name it: `codec len16`
   * @param known the options that the plugin has; every other one is rejected
   */
  constructor(
    plugin: string,
    options: Readonly<Record<string, unknown>>,
    known: readonly string[],
    within: { readonly place: string; readonly rejected: RejectedOption[] } = TOP,
  ) {
    this.#plugin = plugin
    this.#options = options
    this.#place = within.place
    this.#rejected = within === TOP ? [] : within.rejected
    for (const option of Object.keys(options)) {
      if (known.includes(option)) continue
      const problem = unknownOptionText(option, known)
      this.#rejected.push({ plugin, option: this.#place + option, problem, unknown: true })
    }
  }

  /**
   * A reader for a map among the options. What it rejects is thrown with what this reader rejects.
   *
   * @param place where the map is, with dots: `length`, `trailer.0`
   */
  inside(
    place: string,
    options: Readonly<Record<string, unknown>>,
    known: readonly string[],
  ): PluginOptionReader {
    const within = { place: `${this.#place}${place}.`, rejected: this.#rejected }
    return new PluginOptionReader(this.#plugin, options, known, within)
  }

  /**
   * The value of an option, or `byDefault` if it is absent or rejected.
   *
   * @param expected what a usable value is, for the message
   * @param usable the value as the plugin uses it; undefined: the option is rejected
   */
  read<Value>(
    option: string,
    byDefault: Value,
    expected: string,
    usable: (value: unknown) => Value | undefined,
  ): Value {
    const value = this.#options[option]
    if (value === undefined) return byDefault
    const found = usable(value)
    if (found === undefined) this.reject(option, expected, value)
    return found ?? byDefault
  }

  /** Rejects a value, for example because it does not fit another one. */
  reject(option: string, expected: string, found: unknown): void {
    const problem = `expected ${expected}, found ${describeValue(found)}`
    this.rejectText(option, problem)
  }

  /** Rejects an option with a text of its own: what is wrong and what to do. */
  rejectText(option: string, problem: string): void {
    this.#rejected.push({ plugin: this.#plugin, option: this.#place + option, problem })
  }

  /** Called when all options are read. @throws CommloopError CML_ERR_CONFIG_INVALID naming every rejected option */
  throwRejected(): void {
    if (this.#rejected.length > 0) throw optionsError(this.#rejected)
  }
}
