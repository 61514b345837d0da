import type { PluginOptions } from '@commloop/core'
import type { Framing } from './framing.js'
import type { LayoutField } from './layout/layout-field.js'

/** The options with which the peer writes the same codec: where this side is the sender, the peer is the receiver. */
export function counterpartOptions(framing: Framing, options: PluginOptions): PluginOptions {
  const { fields } = options
  const { layout } = framing
  if (layout === undefined || typeof fields !== 'object' || fields === null) return options
  const opposite = (name: unknown): unknown => oppositeOf(layout, name)
  if (!Array.isArray(fields)) {
    const turned = Object.entries(fields).map(([name, value]) => [opposite(name), value] as const)
    return { ...options, fields: Object.fromEntries(turned) as PluginOptions }
  }
  const items: readonly unknown[] = fields
  return { ...options, fields: items.map((item) => turnedItem(item, items, opposite)) }
}

function oppositeOf(layout: readonly LayoutField[], name: unknown): unknown {
  return layout.find((field) => field.name === name)?.opposite ?? name
}

/** The field keeps its place and gets the value of its opposite. */
function turnedItem(
  item: unknown,
  items: readonly unknown[],
  opposite: (name: unknown) => unknown,
): unknown {
  if (!isMap(item)) return item
  const { value: own, ...rest } = item
  const other = items.find((each) => isMap(each) && each['name'] === opposite(item['name']))
  const value = isMap(other) ? other['value'] : own
  return value === undefined ? rest : { ...rest, value }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
