import { setImmediate as loopTurn } from 'node:timers/promises'
import {
  CommloopError,
  type EntryPluginKind,
  type PluginChoice,
  type PluginContracts,
  type PluginKind,
} from '@commloop/core'
import { DEFAULT_PLUGINS } from '../plugins/builtin-plugins.js'
import { ALL_PLUGIN_KINDS, ENTRY_PLUGIN_KINDS, NO_PLUGIN } from '../plugins/plugin-kinds.js'
import { canonicalSpec, type PluginSpec, pluginSpecOf } from '../plugins/plugin-spec.js'
import { type ResolvedPlugin, resolvePlugin } from '../plugins/resolve-plugin.js'
import { isMap } from '../is-map.js'
import type { ConfigPath } from '../read/config-path.js'
import {
  allPlugins,
  type ConfigPlugins,
  type EntryPlugin,
  type NodePlugins,
  type PluginProblem,
} from './config-plugins.js'
import { type EntryPlugins, type TablePlugins, writtenOpening } from './to-node-options.js'
import type { ConfigFile, EntryFile } from '../schema/schema.js'

/** Of so many entries the plugins are found before the event loop is given back. */
const ENTRIES_PER_TURN = 500

/** Finds and makes all plugins, one for each spec, and collects what is wrong with any of them. */
export class PluginResolver implements TablePlugins {
  readonly problems: PluginProblem[] = []
  readonly entries: EntryPlugin[] = []
  readonly #folder: string
  /** The plugins of `entries`, by entry and kind: a table may have thousands. */
  readonly #ofEntry = new Map<string, ResolvedPlugin>()
  /** The plugins of the running node, by their specs. */
  readonly #had: ReadonlyMap<string, ResolvedPlugin>
  #opening: ResolvedPlugin<'opening'> | undefined
  readonly #made = new Map<string, Promise<ResolvedPlugin | undefined>>()

  constructor(folder: string, had?: ConfigPlugins) {
    this.#folder = folder
    const plugins = had === undefined ? [] : allPlugins(had)
    this.#had = new Map(
      [...plugins].map((plugin) => [keyOf(plugin.kind, plugin.spec), plugin] as const),
    )
  }

  /** All plugins of a file; undefined: one of the node's own is unusable. */
  async take(file: ConfigFile): Promise<ConfigPlugins | undefined> {
    const own: Partial<Record<PluginKind, ResolvedPlugin>> = {}
    for (const kind of ALL_PLUGIN_KINDS) {
      const plugin = await this.#node(kind, file)
      if (plugin !== undefined) own[kind] = plugin
    }
    this.#opening = own.opening as ResolvedPlugin<'opening'> | undefined
    for (const [entry, written] of file.links.entries()) {
      if (entry % ENTRIES_PER_TURN === 0) await loopTurn()
      for (const kind of ENTRY_PLUGIN_KINDS) await this.#entry(entry, kind, written[kind])
    }
    const defaulted = Object.keys(DEFAULT_PLUGINS) as PluginKind[]
    if (defaulted.some((kind) => own[kind] === undefined)) return undefined
    return { ...(own as NodePlugins), entries: this.entries }
  }

  /** What entry number `index` has for itself, as core wants it. */
  ofEntry(index: number, { opening }: EntryFile): EntryPlugins {
    return {
      codec: this.#choice(index, 'codec'),
      reconnect: this.#choice(index, 'reconnect'),
      // An unusable opening is a problem already. Its place must not look empty, which would be another one.
      opening: this.#choice(index, 'opening') ?? writtenOpening(opening),
    }
  }

  opening({ opening }: ConfigFile): EntryPlugins['opening'] {
    return this.#opening === undefined ? writtenOpening(opening) : choiceOf(this.#opening)
  }

  #choice<Kind extends EntryPluginKind>(
    index: number,
    kind: Kind,
  ): PluginChoice<PluginContracts[Kind]> | undefined {
    const own = this.#ofEntry.get(entryKey(index, kind))
    return own === undefined ? undefined : choiceOf(own as ResolvedPlugin<Kind>)
  }

  async #node<Kind extends PluginKind>(
    kind: Kind,
    file: ConfigFile,
  ): Promise<ResolvedPlugin<Kind> | undefined> {
    const defaults: Partial<Record<PluginKind, string>> = DEFAULT_PLUGINS
    const written = file[kind] ?? defaults[kind]
    if (written === undefined || isNone(kind, written)) return undefined
    return await this.#make(kind, pluginSpecOf(written), [kind])
  }

  async #entry(entry: number, kind: EntryPluginKind, written: ConfigFile['codec']): Promise<void> {
    if (written === undefined || isNone(kind, written)) return
    const plugin = await this.#make(kind, pluginSpecOf(written), ['links', entry, kind])
    if (plugin === undefined) return
    this.entries.push({ entry, plugin })
    this.#ofEntry.set(entryKey(entry, kind), plugin)
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
      this.problems.push(...placed(error, spec, path))
      return undefined
    }
  }
}

function choiceOf<Kind extends EntryPluginKind>({
  spec,
  revision,
  value,
}: ResolvedPlugin<Kind>): PluginChoice<PluginContracts[Kind]> {
  // Core compares plugins only by this text, so it must change with the content of the file.
  return { spec: revision === undefined ? spec : `${spec} ${revision}`, value }
}

/** The configuration says that there is to be no plugin, which is possible only for a kind without a default. */
function isNone(kind: PluginKind, written: ConfigFile['codec']): boolean {
  return written === NO_PLUGIN && !(kind in DEFAULT_PLUGINS)
}

function entryKey(entry: number, kind: EntryPluginKind): string {
  return `${kind} ${String(entry)}`
}

function keyOf(kind: PluginKind, spec: string): string {
  return `${kind} ${spec}`
}

/** At each option that the plugin rejects, if the error says which, and the configuration has it; else at the plugin. */
function placed(error: CommloopError, spec: PluginSpec, path: ConfigPath): PluginProblem[] {
  const { code, message, details } = error
  const rejected = [details ?? {}, ...(details?.furtherOptions ?? [])]
  const marks = rejected.flatMap(({ option, problem = message, unknownOption: isKey = false }) => {
    const below = option === undefined ? undefined : optionPath(spec.options, option)
    return below === undefined ? [] : [{ code, path: [...path, ...below], message: problem, isKey }]
  })
  // An option without a place is named only by the message of the error.
  return marks.length === rejected.length ? marks : [{ code, path, message, isKey: false }]
}

/** The path of an option such as `tls.cert` or `steps.0.send`; undefined: the configuration does not have it. */
function optionPath(options: PluginSpec['options'], option: string): ConfigPath | undefined {
  if (Object.hasOwn(options, option)) return [option]
  const path: (string | number)[] = []
  let value: unknown = options
  for (const text of option.split('.')) {
    const key = Array.isArray(value) ? Number(text) : text
    if (!(isMap(value) || Array.isArray(value)) || !Object.hasOwn(value, key)) return undefined
    value = (value as Readonly<Record<string | number, unknown>>)[key]
    path.push(key)
  }
  return path
}
