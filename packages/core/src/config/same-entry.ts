import type { EntryConfig, LinkSettings } from './node-config.js'
import type { PluginChoice } from './node-options.js'
import { sameValue } from './same-value.js'

/** Plugins are compared by their specification: reading a file may create a new object for the same one. */
export function sameChoice(
  left: PluginChoice<unknown> | undefined,
  right: PluginChoice<unknown> | undefined,
): boolean {
  return left?.spec === right?.spec
}

/** Whether two entries configure their links in the same way, regardless of their ids and positions. */
export function sameEntry(left: EntryConfig, right: EntryConfig): boolean {
  return (
    sameSettings(left.settings, right.settings) && sameValue(withoutName(left), withoutName(right))
  )
}

function sameSettings(left: LinkSettings, right: LinkSettings): boolean {
  return (
    sameChoice(left.codec, right.codec) &&
    sameChoice(left.reconnect, right.reconnect) &&
    sameChoice(left.opening, right.opening) &&
    sameValue(withoutPlugins(left), withoutPlugins(right))
  )
}

function withoutPlugins(settings: LinkSettings): object {
  return { ...settings, codec: undefined, reconnect: undefined, opening: undefined }
}

function withoutName(entry: EntryConfig): object {
  const nothing = { id: undefined, derivedFrom: undefined, index: undefined, linkIds: undefined }
  return { ...entry, ...nothing, settings: undefined }
}
