import {
  classNameOf,
  functionName,
  isError,
  isIndexed,
  propertyOf,
  UNREADABLE,
} from './foreign-object.js'
import { isPayloadName, isSecretName, REDACTED } from './redaction.js'
import { NAME_LENGTH_MAX, primitiveText, shortened, TEXT_LENGTH_MAX } from './short-text.js'

/** What a copy of a foreign value may contain. */
const LIMITS = {
  /** Objects inside each other, and errors that are the cause of each other. */
  depth: 6,
  /** Properties of one object. */
  properties: 80,
  /** Items of one list. */
  items: 32,
  /** Values in the whole copy. */
  values: 400,
  /** Characters of a stack. */
  stack: 2_000,
  /** Characters of all texts of the copy together. A text that does not fit is cut. */
  characters: 8_000,
} as const

/** Names of properties whose listing counts as one value. */
const LISTED_PER_VALUE = 100

/** Properties of an error that are copied first, also if they are inherited. */
const ERROR_PROPERTIES = ['message', 'code', 'stack', 'cause', 'errors'] as const
/** A stack is searched this far for its first frame. Before that comes the message, which may have any length. */
const STACK_SEARCH_MAX = 64 * 1024
const FRAME = '\n    at '
const CUT = '…'

/**
 * A copy of any value, for a log line or JSON: plain data of bounded size, without secrets and payloads. Making it never
 * throws, and calls no function of the value except getters of `message`, `name` and the like of errors.
 */
export function foreignCopy(value: unknown): unknown {
  return new ForeignCopy().of(value, 0)
}

/** The same for the fields of a log line. */
export function foreignFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const copy = new ForeignCopy().of(fields, 0)
  return typeof copy === 'object' && copy !== null
    ? (copy as Record<string, unknown>)
    : { fields: copy }
}

type Copy = Record<string, unknown>

/** A property that an assignment would have made. */
const PLAIN = { enumerable: true, configurable: true, writable: true }

class ForeignCopy {
  #valuesLeft: number = LIMITS.values
  #charactersLeft: number = LIMITS.characters

  of(value: unknown, depth: number): unknown {
    this.#valuesLeft--
    if (typeof value === 'string') return this.#text(value, TEXT_LENGTH_MAX)
    if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value
    if (typeof value !== 'object' && typeof value !== 'function') {
      return value === undefined ? undefined : primitiveText(value)
    }
    try {
      return this.#object(value, depth)
    } catch {
      return '[unreadable]'
    }
  }

  #text(text: string, lengthMax: number): string {
    const cut = shortened(text, Math.max(0, Math.min(lengthMax, this.#charactersLeft)))
    this.#charactersLeft -= cut.length
    return cut
  }

  /** May throw. */
  #object(value: object, depth: number): unknown {
    if (typeof value === 'function')
      return `[function ${this.#text(functionName(value), NAME_LENGTH_MAX)}]`
    if (ArrayBuffer.isView(value)) return `[${String(value.byteLength)} bytes]`
    if (isIndexed(value)) return `[${this.#text(classNameOf(value), NAME_LENGTH_MAX)}]`
    if (depth >= LIMITS.depth) return Array.isArray(value) ? '[list]' : '[object]'
    if (Array.isArray(value)) return this.#list(value, depth)
    return isError(value) ? this.#error(value, depth) : this.#map(value, depth)
  }

  #list(list: readonly unknown[], depth: number): unknown[] {
    const length: unknown = list.length
    if (typeof length !== 'number') return []
    const count = Math.min(length, LIMITS.items)
    const items: unknown[] = []
    for (let at = 0; at < count && this.#hasRoom(); at++) {
      items.push(this.of(propertyIn(list, String(at)).value, depth + 1) ?? null)
    }
    if (items.length < length) items.push(`${CUT} ${String(length - items.length)} more`)
    return items
  }

  #map(value: object, depth: number): unknown {
    const copy: Copy = {}
    const name = classNameOf(value)
    this.#addOwn(copy, value, depth)
    // An instance without visible properties, such as a Date or a Map, is at least named.
    if (name !== '' && Object.keys(copy).length === 0)
      return `[${this.#text(name, NAME_LENGTH_MAX)}]`
    return copy
  }

  #error(error: object, depth: number): Copy {
    const name = propertyOf(error, 'name')
    const type = classNameOf(error) || (typeof name === 'string' ? name : 'Error')
    const copy: Copy = { type: this.#text(type, NAME_LENGTH_MAX) }
    for (const key of ERROR_PROPERTIES) {
      const value = propertyOf(error, key)
      if (value === undefined) continue
      if (key === 'stack' && typeof value === 'string') {
        copy[key] = this.#text(stackText(value), LIMITS.stack)
      } else copy[key] = value === UNREADABLE ? '[unreadable]' : this.of(value, depth + 1)
    }
    this.#addOwn(copy, error, depth)
    return copy
  }

  /** Adds the enumerable own properties that the copy does not have. */
  #addOwn(copy: Copy, owner: object, depth: number): void {
    // Not `Object.keys`, which asks a proxy about each of its keys.
    const keys = Reflect.ownKeys(owner)
    let count = 0
    for (const key of keys) {
      if (count >= LIMITS.properties || !this.#hasRoom()) break
      count++
      const property = propertyIn(owner, key)
      if (typeof key === 'symbol' || !property.enumerable) continue
      const name = this.#text(key, NAME_LENGTH_MAX)
      if (Object.hasOwn(copy, name)) continue
      // Defined, not assigned: the name may be `__proto__`.
      const value = this.#member(key, property.value, depth)
      Object.defineProperty(copy, name, { ...PLAIN, value })
    }
    if (count < keys.length) copy[CUT] = `${String(keys.length - count)} more`
    // Listing the names takes time too, and the value may contain the same large object many times.
    this.#valuesLeft -= Math.floor(keys.length / LISTED_PER_VALUE)
  }

  #member(key: string, value: unknown, depth: number): unknown {
    if (isSecretName(key)) return REDACTED
    return typeof value === 'string' && isPayloadName(key)
      ? `[${String(value.length)} characters]`
      : this.of(value, depth + 1)
  }

  #hasRoom(): boolean {
    return this.#valuesLeft > 0 && this.#charactersLeft > 0
  }
}

/** The frames of a stack, with the beginning of the message in front. The message may be longer than all frames. */
function stackText(stack: string): string {
  const frames = stack.slice(0, STACK_SEARCH_MAX).indexOf(FRAME)
  return frames <= TEXT_LENGTH_MAX
    ? stack
    : `${shortened(stack, TEXT_LENGTH_MAX)}${stack.slice(frames, frames + LIMITS.stack)}`
}

/** An own property, read without calling its getter. */
function propertyIn(owner: object, key: string | symbol): { enumerable: boolean; value: unknown } {
  try {
    const found: PropertyDescriptor = Object.getOwnPropertyDescriptor(owner, key) ?? {}
    const hasGetter = found.get !== undefined
    return { enumerable: found.enumerable === true, value: hasGetter ? '[getter]' : found.value }
  } catch {
    return { enumerable: true, value: '[unreadable]' }
  }
}
