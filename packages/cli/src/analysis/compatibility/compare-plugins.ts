import { basename } from 'node:path'
import { CommloopError, messageText, type PluginMismatch } from '@commloop/core'
import {
  canonicalSpec,
  compareSides,
  framedSpec,
  type LinkPluginKind,
  type PluginSpec,
  type ResolvedPlugin,
  type TablePlugin,
} from '@commloop/config'
import { codecOfFraming } from '@commloop/framings'
import type { SettingFinding } from './finding.js'
import { pluginSide } from './plugin-side.js'
import type { LinkSide } from './side.js'

/** Compares codec, transport and opening of the two sides of a link. The plugins themselves judge their options. */
export function comparePlugins(dialer: LinkSide, acceptor: LinkSide): SettingFinding[] {
  return [
    ...compareCodecs(dialer, acceptor),
    ...compareTransports(dialer, acceptor),
    ...compareOpenings(dialer, acceptor),
  ]
}

function compareOpenings(dialer: LinkSide, acceptor: LinkSide): readonly SettingFinding[] {
  const [one, other] = [openingOf(dialer), openingOf(acceptor)]
  if (one === undefined && other === undefined) return []
  if (one !== undefined && other !== undefined) {
    // Different openings may understand each other: one logs on, and the other admits.
    return compared(one, other, dialer, acceptor) ?? []
  }
  const [speaking, plain] = one === undefined ? [acceptor, dialer] : [dialer, acceptor]
  const use = basename((one ?? other)?.spec.use ?? '')
  const [mine, theirs] = [nameOf(speaking), nameOf(plain)]
  const message = `${mine} has the opening ${use}, and ${theirs} has none: ${theirs} takes what ${mine} says before messages as messages. Set the matching opening at ${theirs}, or "opening: none" at ${mine}`
  return [{ finding: 'opening-one-side', message }]
}

function openingOf({ side, entry }: LinkSide): TablePlugin | undefined {
  return side.table.openingOf(entry.index)
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
  const one = dialer.side.table.pluginOf(kind, dialer.entry.index)
  const other = acceptor.side.table.pluginOf(kind, acceptor.entry.index)
  return compared(one, other, dialer, acceptor)
}

function compared(
  one: TablePlugin,
  other: TablePlugin,
  dialer: LinkSide,
  acceptor: LinkSide,
): readonly PluginMismatch[] | undefined {
  const ours = one.plugin ?? other.plugin
  if (ours === undefined) return undefined
  const haveOneName = withoutFolder(one.spec).use === withoutFolder(other.spec).use
  const expands = !haveOneName && ours.kind === 'codec'
  const plugin = expands ? generalPlugin(ours) : ours
  const left = expands ? framedSpec(one.spec) : one.spec
  const right = expands ? framedSpec(other.spec) : other.spec
  if (withoutFolder(left).use !== withoutFolder(right).use) return undefined
  try {
    return compareSides(
      plugin,
      pluginSide(dialer.side.table, dialer.entry, left),
      pluginSide(acceptor.side.table, acceptor.entry, right),
    )
  } catch (error) {
    if (!CommloopError.is(error) || error.code !== 'CML_ERR_CONFIG_INVALID') throw error
    // Only the options of the peer's table can be invalid: our plugin was created with ours.
    const peer = one.plugin === undefined ? dialer : acceptor
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
