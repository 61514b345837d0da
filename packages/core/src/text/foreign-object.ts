/*
 * Reading objects that commloop did not make: a plugin threw them, or an application passed them. They may be proxies
 * whose traps throw or never end. So nothing here calls a function of the object, except the getters of a few named
 * properties, and every walk is bounded.
 */

/** Prototypes that are looked at. A proxy can have endlessly many. */
const PROTOTYPES_MAX = 16

/** A property is there, but reading it throws. */
export const UNREADABLE = Symbol('unreadable')

/** Whether an object inherits from `Error`. Not `instanceof`, which never returns for some proxies. May throw. */
export function isError(value: object): boolean {
  return prototypesOf(value).includes(Error.prototype)
}

/** Classes whose instances have one property for each byte or character: even their names are too many to list. */
const INDEXED: readonly unknown[] = [Object.getPrototypeOf(Uint8Array.prototype), String.prototype]

/** Whether an object is bytes or a text, also behind a proxy. May throw. */
export function isIndexed(value: object): boolean {
  return ArrayBuffer.isView(value) || prototypesOf(value).some((one) => INDEXED.includes(one))
}

/** The value of a property, also if it is inherited or has a getter; `UNREADABLE` if reading it throws. */
export function propertyOf(value: object, name: string): unknown {
  try {
    return (value as Readonly<Record<string, unknown>>)[name]
  } catch {
    return UNREADABLE
  }
}

/** The name of the class of an object; empty for plain objects, and if it has none. May throw. */
export function classNameOf(value: object): string {
  const [prototype] = prototypesOf(value)
  if (prototype === undefined || prototype === Object.prototype) return ''
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  return typeof maker === 'function' ? functionName(maker) : ''
}

/** The name of a function; empty if it has none. May throw. */
export function functionName(value: object): string {
  const name: unknown = Object.getOwnPropertyDescriptor(value, 'name')?.value
  return typeof name === 'string' ? name : ''
}

function prototypesOf(value: object): object[] {
  const prototypes: object[] = []
  let next = Object.getPrototypeOf(value) as object | null
  while (next !== null && prototypes.length < PROTOTYPES_MAX) {
    prototypes.push(next)
    next = Object.getPrototypeOf(next) as object | null
  }
  return prototypes
}
