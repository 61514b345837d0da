import { pathToFileURL } from 'node:url'
import { CommloopError } from '@commloop/core'
import { revisionOf } from '../find/file-revision.js'
import { builtinPlugin } from './builtin-plugins.js'
import { lackOf, PLUGIN_API_VERSION, type PluginKind, type PluginValues } from './plugin-kind.js'
import { importModule } from './plugin-module.js'
import { findPlugin, type PluginPlace } from './plugin-place.js'
import { canonicalSpec, type PluginSpec } from './plugin-spec.js'

/** A plugin that is ready to be used. */
export interface ResolvedPlugin<Kind extends PluginKind = PluginKind> {
  readonly kind: Kind
  /** As the configuration names it. */
  readonly name: string
  readonly place: PluginPlace
  /** Canonical JSON of how it was asked for. */
  readonly spec: string
  /** What its file held when it was loaded; undefined: not a file that is named, but a package. */
  readonly revision: string | undefined
  readonly value: PluginValues[Kind]
}

/**
 * Finds, loads and makes a plugin. `before`, which was asked for in the same words, is it still where neither its place
 * nor its file has changed. The code of a package stays what was loaded first for as long as the process lives.
 *
 * @throws CommloopError CML_ERR_PLUGIN_MISSING, CML_ERR_PLUGIN_INVALID; CML_ERR_CONFIG_INVALID from the plugin
 *   itself where it refuses its options.
 */
export async function resolvePlugin<Kind extends PluginKind>(
  kind: Kind,
  spec: PluginSpec,
  folder: string,
  before?: ResolvedPlugin<Kind>,
): Promise<ResolvedPlugin<Kind>> {
  const place = findPlugin(kind, spec.use, folder)
  const what = placeText(place)
  const revision = place.from === 'file' ? revisionOfFile(place.file, what) : undefined
  if (before !== undefined && samePlace(before.place, place) && before.revision === revision) {
    return before
  }
  const definition = await load(kind, spec.use, place, revision, what)
  checkDefinition(kind, definition, what)
  const value = make(definition, spec, what)
  const lack = lackOf(kind, value)
  if (lack !== undefined) throw invalid(`${what}: what it creates ${lack}`)
  return {
    kind,
    name: spec.use,
    place,
    spec: canonicalSpec(spec),
    revision,
    value: value as PluginValues[Kind],
  }
}

/** Where a plugin came from, for people. */
export function placeText(place: PluginPlace): string {
  if (place.from === 'file') return place.file
  const version = place.version === undefined ? '' : ` ${place.version}`
  return place.from === 'package'
    ? `${place.package}${version} (${place.file})`
    : `${place.package}${version}`
}

/** Versions left out: what another one would bring is not loaded while this process lives. */
function samePlace(left: PluginPlace, right: PluginPlace): boolean {
  const nameOf = (place: PluginPlace): string =>
    place.from === 'commloop' ? place.package : place.file
  return left.from === right.from && nameOf(left) === nameOf(right)
}

function revisionOfFile(file: string, what: string): string {
  try {
    return revisionOf(file)
  } catch (error) {
    throw invalid(`${what} cannot be read: ${firstLine(error)}`, error)
  }
}

interface Definition {
  readonly kind?: unknown
  readonly apiVersion?: unknown
  readonly create?: unknown
  readonly route?: unknown
}

async function load(
  kind: PluginKind,
  use: string,
  place: PluginPlace,
  revision: string | undefined,
  what: string,
): Promise<Definition> {
  const found = await loadDefault(kind, use, place, revision, what)
  if (typeof found === 'object' && found !== null) return unwrapped(found)
  if (found === undefined) throw invalid(`${what} has no default export`)
  throw invalid(
    `${what}: the default export is a ${typeof found}, expected { kind, name, apiVersion, create }` +
      (kind === 'router' ? ' or { name, route }' : ''),
  )
}

async function loadDefault(
  kind: PluginKind,
  use: string,
  place: PluginPlace,
  revision: string | undefined,
  what: string,
): Promise<unknown> {
  try {
    if (place.from === 'commloop') return await builtinPlugin(kind, use)?.load()
    const module: unknown =
      revision === undefined
        ? await import(pathToFileURL(place.file).href)
        : await importModule(place.file, revision)
    return (module as { default?: unknown }).default
  } catch (error) {
    throw invalid(`${what} cannot be loaded: ${firstLine(error)}`, error)
  }
}

/** CommonJS that was compiled from ES modules keeps its default export one level down. */
function unwrapped(found: object): Definition {
  const isWrapped = '__esModule' in found && 'default' in found
  return isWrapped && typeof found.default === 'object' && found.default !== null
    ? found.default
    : found
}

function checkDefinition(kind: PluginKind, definition: Definition, what: string): void {
  const isPlainRouter = kind === 'router' && definition.create === undefined
  if (definition.kind !== kind && !(isPlainRouter && definition.kind === undefined)) {
    throw invalid(`${what}: expected a plugin of kind "${kind}", found ${shown(definition.kind)}`)
  }
  const { apiVersion } = definition
  const isUnversioned = isPlainRouter && apiVersion === undefined
  if (apiVersion !== PLUGIN_API_VERSION && !isUnversioned) {
    throw invalid(
      `${what} is made for plugin API ${shown(apiVersion)}, and this commloop has ` +
        `${String(PLUGIN_API_VERSION)}: use matching versions`,
    )
  }
  if (isPlainRouter && typeof definition.route !== 'function') {
    throw invalid(`${what}: expected a function "route", found ${shown(definition.route)}`)
  }
  if (!isPlainRouter && typeof definition.create !== 'function') {
    throw invalid(`${what}: expected a function "create", found ${shown(definition.create)}`)
  }
}

function make(definition: Definition, spec: PluginSpec, what: string): unknown {
  const { create } = definition
  if (typeof create !== 'function') {
    const [option] = Object.keys(spec.options)
    if (option === undefined) return definition
    throw invalid(`${what} takes no options (found "${option}"): only a plugin with "create" does`)
  }
  try {
    return create.call(definition, spec.options) as unknown
  } catch (error) {
    if (CommloopError.is(error) && error.code === 'CML_ERR_CONFIG_INVALID') throw error
    throw invalid(`${what}: create() failed: ${firstLine(error)}`, error)
  }
}

function invalid(message: string, cause?: unknown): CommloopError {
  return new CommloopError(
    'CML_ERR_PLUGIN_INVALID',
    message,
    cause === undefined ? undefined : { cause },
  )
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string' || typeof value === 'number') return JSON.stringify(value)
  return `a ${typeof value}`
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return (text.split('\n', 1)[0] ?? '') + syntaxPlace(error)
}

/** Node keeps the place of a mistake of syntax to itself, unless the module is CommonJS or was linked. */
function syntaxPlace(error: unknown): string {
  if (!(error instanceof SyntaxError)) return ''
  const place = /^(?:file:\/\/)?(\/.*:\d+)$/m.exec(error.stack?.split('\n', 1)[0] ?? '')
  return place === null ? '; `node` with the same file shows where' : ` (${String(place[1])})`
}
