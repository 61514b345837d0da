/** How a configuration asks for a plugin. */
export interface PluginSpec {
  readonly use: string
  readonly options: Readonly<Record<string, unknown>>
}

/** `tcp`, or `{ use: tcp, keepAlive: 30s }`. */
export type WrittenSpec = string | { readonly use: string; readonly [option: string]: unknown }

export function pluginSpecOf(written: WrittenSpec): PluginSpec {
  if (typeof written === 'string') return { use: written, options: {} }
  const { use, ...options } = written
  return { use, options }
}

/** The spec of a canonical text. */
export function parseSpec(canonical: string): PluginSpec {
  return pluginSpecOf(JSON.parse(canonical) as { use: string })
}

/** One text for one meaning, whatever the order of the keys: two specs are equal iff their texts are. */
export function canonicalSpec({ use, options }: PluginSpec): string {
  return canonicalJson({ use, ...options })
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
