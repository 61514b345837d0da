import { basename } from 'node:path'
import { CommloopError, messageText, type PluginMismatch } from '@commloop/core'
import {
  canonicalSpec,
  compareSides,
  framedSpec,
  type LinkPluginKind,
  type PluginSpec,
  type ResolvedPlugin,
} from '@commloop/config'
import { codecOfFraming } from '@commloop/framings'
import type { SettingFinding } from './finding.js'
import { pluginSide } from './plugin-side.js'
import type { LinkSide } from './side.js'

/** Compares codec and transport of the two sides of a link. The plugins themselves judge their options. */
export function comparePlugins(dialer: LinkSide, acceptor: LinkSide): SettingFinding[] {
  return [...compareCodecs(dialer, acceptor), ...compareTransports(dialer, acceptor)]
}

function compareCodecs(dialer: LinkSide, acceptor: LinkSide): SettingFinding[] {
  const mismatches = mismatchesOf('codec', dialer, acceptor)
  if (mismatches !== undefined) return [...mismatches]
  const [one, other] = [specOf('codec', dialer), specOf('codec', acceptor)]
  if (canonicalSpec(comparable(one)) === canonicalSpec(comparable(other))) return []
  const texts = [
    `${nameOf(dialer)}: ${canonicalSpec(one)}`,
    `${nameOf(acceptor)}: ${canonicalSpec(other)}`,
  ]
  return [{ finding: 'codec-differs', message: `the codecs differ: ${texts.join(', ')}` }]
}

/** Compares only equal transports: different ones may understand each other, for example if one wraps the other. */
function compareTransports(dialer: LinkSide, acceptor: LinkSide): readonly SettingFinding[] {
  return mismatchesOf('transport', dialer, acceptor) ?? []
}

/** undefined: the two sides use different plugins, or a plugin that does not compare. */
function mismatchesOf(
  kind: LinkPluginKind,
  dialer: LinkSide,
  acceptor: LinkSide,
): readonly PluginMismatch[] | undefined {
  const specs = [specOf(kind, dialer), specOf(kind, acceptor)] as const
  const ours = pluginOf(kind, dialer) ?? pluginOf(kind, acceptor)
  if (ours === undefined) return undefined
  const haveOneName = withoutFolder(specs[0]).use === withoutFolder(specs[1]).use
  const plugin = haveOneName ? ours : generalPlugin(ours)
  const [one, other] = haveOneName ? specs : [framedSpec(specs[0]), framedSpec(specs[1])]
  if (withoutFolder(one).use !== withoutFolder(other).use) return undefined
  try {
    return compareSides(
      plugin,
      pluginSide(dialer.side.table, dialer.entry, one),
      pluginSide(acceptor.side.table, acceptor.entry, other),
    )
  } catch (error) {
    if (!CommloopError.is(error) || error.code !== 'CML_ERR_CONFIG_INVALID') throw error
    // Only the options of the peer's table can be invalid: our plugin was created with ours.
    const peer = pluginOf(kind, dialer) === undefined ? dialer : acceptor
    return [{ finding: 'options-invalid', message: `${nameOf(peer)}: ${messageText(error)}` }]
  }
}

/** The plugin that takes every option, if ours is the name of a framing. */
function generalPlugin(plugin: ResolvedPlugin): ResolvedPlugin {
  const definition = codecOfFraming(plugin.definition)
  return definition === undefined ? plugin : { ...plugin, definition }
}

function specOf(kind: LinkPluginKind, { side, entry }: LinkSide): PluginSpec {
  return side.table.pluginOf(kind, entry.index).spec
}

function pluginOf(kind: LinkPluginKind, { side, entry }: LinkSide): ResolvedPlugin | undefined {
  return side.table.pluginOf(kind, entry.index).plugin
}

/** The same plugin file may be in different folders of the two machines. */
function withoutFolder(spec: PluginSpec): PluginSpec {
  return { ...spec, use: basename(spec.use) }
}

/** One side may name a framing whose options the other side spells out. */
function comparable(spec: PluginSpec): PluginSpec {
  return framedSpec(withoutFolder(spec))
}

function nameOf({ side }: LinkSide): string {
  return side.table.node.name
}
