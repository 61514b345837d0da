import type { ConfigPath } from '../read/config-path.js'
import { type ConfigFile, fileSchema } from '../schema/schema.js'

type Values = Record<string | number, unknown>

/** Taking a value away may leave what is around it incomplete: `heartbeat` without `every`, and so on outward. */
const ROUNDS_MAX = 5

/**
 * Everything but the broken values, so that all other mistakes can be told at the same time. Indices of entries
 * stay what they are.
 */
export function usablePart(data: unknown, broken: readonly ConfigPath[]): ConfigFile {
  const rest: Values = isValues(data) && !Array.isArray(data) ? structuredClone(data) : {}
  let unusable = broken
  for (let round = 0; round < ROUNDS_MAX; round++) {
    for (const path of unusable) remove(rest, path)
    complete(rest, isValues(data) && Object.hasOwn(data, 'listen'))
    const result = fileSchema.safeParse(rest)
    // The copy itself rather than the result: what the schema makes of free keys is a second thing to trust.
    if (result.success) return rest as unknown as ConfigFile
    unusable = result.error.issues.map(({ path }) => path.filter((key) => typeof key !== 'symbol'))
  }
  return { links: [] }
}

/** Takes a value out; where it is gone already, what was around it. */
function remove(values: Values, path: ConfigPath): void {
  const last = path.at(-1)
  if (last === undefined) return
  const around = valueAt(values, path.slice(0, -1))
  if (!isValues(around) || !Object.hasOwn(around, last)) remove(values, path.slice(0, -1))
  else if (Array.isArray(around)) around[Number(last)] = {}
  else Reflect.deleteProperty(around, last)
}

function valueAt(values: Values, path: ConfigPath): unknown {
  let value: unknown = values
  for (const key of path) {
    if (!isValues(value) || !Object.hasOwn(value, key)) return undefined
    value = value[key]
  }
  return value
}

/** What must be there, in a form that nobody can find fault with. */
function complete(rest: Values, listens: boolean): void {
  if (!Array.isArray(rest.links)) rest.links = []
  if (!listens) return
  if (!isValues(rest.listen)) rest.listen = { port: 0 }
  else if (!Object.hasOwn(rest.listen, 'port')) rest.listen.port = 0
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null
}
