import { CommloopError, type PluginChoice } from '@commloop/core'
import { STANDARD_PLUGIN } from '../plugins/builtin-plugins.js'
import type { PluginKind, PluginValues } from '../plugins/plugin-kind.js'
import { canonicalSpec, type PluginSpec, pluginSpecOf } from '../plugins/plugin-spec.js'
import { type ResolvedPlugin, resolvePlugin } from '../plugins/resolve-plugin.js'
import type { ConfigPath } from '../read/config-path.js'
import type { ConfigPlugins, EntryPlugin, PluginProblem } from './config-plugins.js'
import type { EntryPlugins } from './to-node-options.js'
import type { ConfigFile } from '../schema/schema.js'

/** Finds and makes all plugins, one for each spec, and collects what is wrong with any of them. */
export class PluginResolver {
  readonly problems: PluginProblem[] = []
  readonly entries: EntryPlugin[] = []
  readonly #folder: string
  /** Those that a node has already, by what they were asked for. */
  readonly #had: ReadonlyMap<string, ResolvedPlugin>
  readonly #made = new Map<string, Promise<ResolvedPlugin | undefined>>()

  constructor(folder: string, had?: ConfigPlugins) {
    this.#folder = folder
    const plugins = had === undefined ? [] : allPlugins(had)
    this.#had = new Map(plugins.map((plugin) => [keyOf(plugin.kind, plugin.spec), plugin]))
  }

  /** All plugins of a file; undefined: one of the node's own is unusable. */
  async take(file: ConfigFile): Promise<ConfigPlugins | undefined> {
    const transport = await this.#node('transport', file)
    const codec = await this.#node('codec', file)
    const reconnect = await this.#node('reconnect', file)
    const router = await this.#node('router', file)
    for (const [entry, { codec: ownCodec, reconnect: ownReconnect }] of file.links.entries()) {
      await this.#entry(entry, 'codec', ownCodec)
      await this.#entry(entry, 'reconnect', ownReconnect)
    }
    if (!transport || !codec || !reconnect || !router) return undefined
    return { transport, codec, reconnect, router, entries: this.entries }
  }

  /** What entry number `index` has for itself, as core wants it. */
  choicesOf(index: number): EntryPlugins {
    return { codec: this.#choice(index, 'codec'), reconnect: this.#choice(index, 'reconnect') }
  }

  #choice<Kind extends 'codec' | 'reconnect'>(
    index: number,
    kind: Kind,
  ): PluginChoice<PluginValues[Kind]> | undefined {
    const own = this.entries.find(({ entry, plugin }) => entry === index && plugin.kind === kind)
    if (own === undefined) return undefined
    const { spec, revision, value } = own.plugin
    // Core tells plugins apart by this text alone: another content of the file is another plugin.
    const full = revision === undefined ? spec : `${spec} ${revision}`
    return { spec: full, value: value as PluginValues[Kind] }
  }

  async #node<Kind extends PluginKind>(
    kind: Kind,
    file: ConfigFile,
  ): Promise<ResolvedPlugin<Kind> | undefined> {
    return await this.#make(kind, pluginSpecOf(file[kind] ?? STANDARD_PLUGIN[kind]), [kind])
  }

  async #entry(
    entry: number,
    kind: 'codec' | 'reconnect',
    written: ConfigFile['codec'],
  ): Promise<void> {
    if (written === undefined) return
    const plugin = await this.#make(kind, pluginSpecOf(written), ['links', entry, kind])
    if (plugin !== undefined) this.entries.push({ entry, plugin })
  }

  async #make<Kind extends PluginKind>(
    kind: Kind,
    spec: PluginSpec,
    path: ConfigPath,
  ): Promise<ResolvedPlugin<Kind> | undefined> {
    const key = keyOf(kind, canonicalSpec(spec))
    const made = this.#made.get(key) ?? this.#try(kind, spec, path)
    this.#made.set(key, made)
    return (await made) as ResolvedPlugin<Kind> | undefined
  }

  async #try(
    kind: PluginKind,
    spec: PluginSpec,
    path: ConfigPath,
  ): Promise<ResolvedPlugin | undefined> {
    try {
      const had = this.#had.get(keyOf(kind, canonicalSpec(spec)))
      return await resolvePlugin(kind, spec, this.#folder, had)
    } catch (error) {
      if (!CommloopError.is(error)) throw error
      this.problems.push({ code: error.code, ...placed(error.message, spec, path) })
      return undefined
    }
  }
}

function keyOf(kind: PluginKind, spec: string): string {
  return `${kind} ${spec}`
}

function allPlugins({ entries, ...own }: ConfigPlugins): ResolvedPlugin[] {
  return [...Object.values(own), ...entries.map(({ plugin }) => plugin)]
}

/** A plugin that refuses an option names it before a colon: `byteOrder: expected …`. Shown at that option. */
function placed(message: string, spec: PluginSpec, path: ConfigPath): Omit<PluginProblem, 'code'> {
  for (const option of Object.keys(spec.options)) {
    const named = new RegExp(`(?:^|[\\s.])${escaped(option)}: (?<rest>[^]*)$`).exec(message)
    const rest = named?.groups?.rest
    if (rest === undefined) continue
    const isKey = rest.endsWith(`found ${JSON.stringify(option)}`)
    return { path: [...path, option], message: rest, isKey }
  }
  return { path, message, isKey: false }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
