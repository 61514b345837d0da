import { CommloopError, nearest, PluginOptionReader, type PluginOptions } from '@commloop/core'
import { Layout } from './layout.js'
import type { LayoutField } from './layout-field.js'
import { LAYOUT_OPTIONS, layoutWith } from './layout-options.js'
import {
  TELEGRAM_29,
  TELEGRAM_40,
  type Telegram29Fields,
  type Telegram40Fields,
} from './telegram-layouts.js'

/** The layouts that have names, and their fields. */
export interface NamedLayouts {
  readonly 'telegram-40': Telegram40Fields
  readonly 'telegram-29': Telegram29Fields
}

const FIELDS: Readonly<Record<keyof NamedLayouts, readonly LayoutField[]>> = {
  'telegram-40': TELEGRAM_40,
  'telegram-29': TELEGRAM_29,
}

/**
 * The layout of a framing, for routers and applications.
 *
 * @param options `fields` and `stamp`, as the codec of a configuration has them
 * @throws CommloopError CML_ERR_CONFIG_INVALID if there is not a layout of this name, or an option is wrong
 *
 * @example
 * const id = layoutOf('telegram-40').field('id')
 * id(payload) // 'AA01'
 */
export function layoutOf<Name extends keyof NamedLayouts>(name: Name): Layout<NamedLayouts[Name]>
export function layoutOf(name: keyof NamedLayouts, options: PluginOptions): Layout
export function layoutOf(name: string, options: PluginOptions = {}): Layout {
  if (!Object.hasOwn(FIELDS, name)) {
    const known = Object.keys(FIELDS)
    const guess = nearest(name, known)
    const remedy = guess === undefined ? `known: ${known.join(', ')}` : `did you mean "${guess}"?`
    throw new CommloopError('CML_ERR_CONFIG_INVALID', `there is no layout "${name}": ${remedy}`)
  }
  const reader = new PluginOptionReader(`layout ${name}`, options, LAYOUT_OPTIONS)
  const layout = layoutWith(FIELDS[name as keyof NamedLayouts], options, reader)
  reader.throwRejected()
  return layout
}
