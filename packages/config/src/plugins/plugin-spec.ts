import { isSecretKey } from '../read/secret-keys.js'

/** The plugin that a configuration names, with its options. */
export interface PluginSpec {
  readonly use: string
  readonly options: Readonly<Record<string, unknown>>
}

/** A plugin as a configuration file names it: `tcp`, or `{ use: tcp, keepAlive: 30s }`. */
export type WrittenSpec = string | { readonly use: string; readonly [option: string]: unknown }

export function pluginSpecOf(written: WrittenSpec): PluginSpec {
  if (typeof written === 'string') return { use: written, options: {} }
  const { use, ...options } = written
  return { use, options }
}

/** JSON with sorted keys: two specs are equal if and only if their texts are. */
export function canonicalSpec({ use, options }: PluginSpec): string {
  return canonicalJson({ use, ...options })
}

/** The canonical text for people, logs and reports: secrets among the options are masked. */
export function shownSpec({ use, options }: PluginSpec): string {
  return canonicalSpec({ use, options: masked(options) as PluginSpec['options'] })
}

function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([key, member]: [string, unknown]) => [
    key,
    isSecretKey(key) ? '***' : masked(member),
  ])
  return Object.fromEntries(members)
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`)
  return `{${members.join(',')}}`
}
