import { isMap } from '../is-map.js'
import type { ConfigPath } from '../read/config-path.js'
import { type ConfigFile, fileSchema } from '../schema/schema.js'

type Values = Record<string | number, unknown>

/** Removing a value may make the value around it invalid: `heartbeat` without `every`, and so on outward. */
const ROUNDS_MAX = 5

/**
 * The data without its invalid values, so that all other mistakes can be reported at the same time. Indices of entries do
 * not change. Data that passed the schema, without invalid values, is returned as it is.
 */
export function validSubset(data: unknown, broken: readonly ConfigPath[]): ConfigFile {
  if (broken.length === 0) return data as ConfigFile
  const rest: Values = isMap(data) && !Array.isArray(data) ? structuredClone(data) : {}
  let unusable = broken
  for (let round = 0; round < ROUNDS_MAX; round++) {
    for (const path of unusable) remove(rest, path)
    complete(rest, isMap(data) && Object.hasOwn(data, 'listen'))
    const result = fileSchema.safeParse(rest)
    // Not `result.data`: that would rely on what the schema does with keys that it does not know.
    if (result.success) return rest as unknown as ConfigFile
    unusable = result.error.issues.map(({ path }) => path.filter((key) => typeof key !== 'symbol'))
  }
  return { links: [] }
}

/** Removes a value, or the value around it if it does not exist any more. */
function remove(values: Values, path: ConfigPath): void {
  const last = path.at(-1)
  if (last === undefined) return
  const around = valueAt(values, path.slice(0, -1))
  if (!isMap(around) || !Object.hasOwn(around, last)) remove(values, path.slice(0, -1))
  else if (Array.isArray(around)) around[Number(last)] = {}
  else Reflect.deleteProperty(around, last)
}

function valueAt(values: Values, path: ConfigPath): unknown {
  let value: unknown = values
  for (const key of path) {
    if (!isMap(value) || !Object.hasOwn(value, key)) return undefined
    value = value[key]
  }
  return value
}

/** Adds required values that were removed, in a form that causes no further mistake. */
function complete(rest: Values, listens: boolean): void {
  if (!Array.isArray(rest.links)) rest.links = []
  if (!listens) return
  if (!isMap(rest.listen)) rest.listen = { port: 0 }
  for (const place of [rest.listen].flat()) {
    if (isMap(place) && !Object.hasOwn(place, 'port')) place.port = 0
  }
}
