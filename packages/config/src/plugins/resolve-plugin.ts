import { pathToFileURL } from 'node:url'
import {
  CommloopError,
  foreignCopy,
  foreignText,
  PLUGIN_API_VERSION,
  PLUGIN_KINDS,
  type PluginContracts,
  type PluginDefinition,
  type PluginKind,
  type PluginOptions,
} from '@commloop/core'
import { revisionOf } from '../find/file-revision.js'
import { builtinPlugin } from './builtin-plugins.js'
import { importedInTime, importModule } from './plugin-module.js'
import { findPlugin, type PluginOrigin } from './plugin-origin.js'
import { canonicalSpec, type PluginSpec } from './plugin-spec.js'
import { ignoreRejection, valueProblem } from './plugin-value.js'

/** A plugin whose value has been created. */
export interface ResolvedPlugin<Kind extends PluginKind = PluginKind> {
  readonly kind: Kind
  /** As the configuration names it. */
  readonly name: string
  readonly origin: PluginOrigin
  /** Canonical JSON of name and options: `canonicalSpec`. */
  readonly spec: string
  readonly options: PluginOptions
  /** Revision of the plugin's file when it was loaded; undefined for packages. */
  readonly revision: string | undefined
  /** The module's default export. For a router without `create`, a definition whose `create` returns it. */
  readonly definition: PluginDefinition<Kind>
  readonly value: PluginContracts[Kind]
}

/**
 * Finds, loads and creates a plugin. Returns `before`, the plugin of an equal spec, if neither its origin nor its file has
 * changed. A package is loaded once: the process keeps the code that it loaded first.
 *
 * @throws CommloopError CML_ERR_PLUGIN_MISSING, CML_ERR_PLUGIN_INVALID; CML_ERR_CONFIG_INVALID from the plugin itself if
 *   it rejects its options.
 */
export async function resolvePlugin<Kind extends PluginKind>(
  kind: Kind,
  spec: PluginSpec,
  folder: string,
  before?: ResolvedPlugin<Kind>,
): Promise<ResolvedPlugin<Kind>> {
  const origin = findPlugin(kind, spec.use, folder)
  const what = originText(origin)
  const revision = origin.from === 'file' ? revisionOfFile(origin.file, what) : undefined
  if (before !== undefined && sameOrigin(before.origin, origin) && before.revision === revision) {
    return before
  }
  const exported = await load(kind, spec.use, origin, revision, what)
  checkDefinition(kind, exported, what)
  const definition = definitionOf(kind, exported, spec, what)
  const value = create(definition, spec, what)
  ignoreRejection(value)
  const problem = valueProblem(kind, value)
  if (problem !== undefined) throw invalid(`${what}: the created value ${problem}`)
  const { use: name, options } = spec
  return { kind, name, origin, spec: canonicalSpec(spec), options, revision, definition, value }
}

/** Where a plugin came from, for people. */
export function originText(origin: PluginOrigin): string {
  if (origin.from === 'file') return origin.file
  const version = origin.version === undefined ? '' : ` ${origin.version}`
  return origin.from === 'package'
    ? `${origin.package}${version} (${origin.file})`
    : `${origin.package}${version}`
}

/** Ignores the version: this process keeps the code of the version that it loaded first. */
function sameOrigin(left: PluginOrigin, right: PluginOrigin): boolean {
  const nameOf = (origin: PluginOrigin): string =>
    origin.from === 'commloop' ? origin.package : origin.file
  return left.from === right.from && nameOf(left) === nameOf(right)
}

function revisionOfFile(file: string, what: string): string {
  try {
    return revisionOf(file)
  } catch (error) {
    throw invalid(`${what} cannot be read: ${firstLine(error)}`, error)
  }
}

/** The default export of a module, before it is checked. */
type Exported = Readonly<Record<string, unknown>>

async function load(
  kind: PluginKind,
  use: string,
  origin: PluginOrigin,
  revision: string | undefined,
  what: string,
): Promise<Exported> {
  const found = await loadDefault(kind, use, origin, revision, what)
  if (typeof found === 'object' && found !== null) return unwrapped(found)
  if (found === undefined) throw invalid(`${what} has no default export`)
  throw invalid(
    `${what}: the default export is a ${typeof found}, expected { kind, name, apiVersion, create }` +
      (PLUGIN_KINDS[kind].plain ? ` or { name, ${contractText(kind)} }` : ''),
  )
}

async function loadDefault(
  kind: PluginKind,
  use: string,
  origin: PluginOrigin,
  revision: string | undefined,
  what: string,
): Promise<unknown> {
  try {
    if (origin.from === 'commloop') return await builtinPlugin(kind, use)?.load()
    const module: unknown =
      revision === undefined
        ? await importedInTime(pathToFileURL(origin.file).href)
        : await importModule(origin.file, revision)
    return (module as { default?: unknown }).default
  } catch (error) {
    throw invalid(`${what} cannot be loaded: ${firstLine(error)}`, error)
  }
}

/** A CommonJS module that was compiled from an ES module has its default export one level down. */
function unwrapped(found: object): Exported {
  const isWrapped = '__esModule' in found && 'default' in found
  return (
    isWrapped && typeof found.default === 'object' && found.default !== null ? found.default : found
  ) as Exported
}

function checkDefinition(kind: PluginKind, exported: Exported, what: string): void {
  const { create, apiVersion } = exported
  const isPlain = PLUGIN_KINDS[kind].plain && create === undefined
  if (exported['kind'] !== kind && !(isPlain && exported['kind'] === undefined)) {
    throw invalid(`${what}: expected a plugin of kind "${kind}", found ${shown(exported['kind'])}`)
  }
  if (apiVersion !== PLUGIN_API_VERSION && !(isPlain && apiVersion === undefined)) {
    throw invalid(
      `${what} was written for plugin API ${shown(apiVersion)}, and this commloop has ` +
        `${String(PLUGIN_API_VERSION)}: use matching versions`,
    )
  }
  const functions = isPlain ? contractFunctions(kind) : ['create']
  const missing = functions.find((member) => typeof exported[member] !== 'function')
  if (missing !== undefined) {
    throw invalid(`${what}: expected a function "${missing}", found ${shown(exported[missing])}`)
  }
  const wrong = OPTIONAL_MEMBERS.find((member) => !isOptionalFunction(exported[member]))
  if (!isPlain && wrong !== undefined) {
    throw invalid(`${what}: "${wrong}" must be a function, found ${shown(exported[wrong])}`)
  }
}

const OPTIONAL_MEMBERS = ['check', 'compare', 'counterpart', 'descriptors', 'layout'] as const

function isOptionalFunction(value: unknown): boolean {
  return value === undefined || typeof value === 'function'
}

function contractFunctions(kind: PluginKind): string[] {
  return Object.entries(PLUGIN_KINDS[kind].members).flatMap(([member, type]) =>
    type === 'function' ? [member] : [],
  )
}

function contractText(kind: PluginKind): string {
  return contractFunctions(kind).join(', ')
}

/** The definition that a module exports, or one for a value that it exports without `create`. */
function definitionOf<Kind extends PluginKind>(
  kind: Kind,
  exported: Exported,
  { use, options }: PluginSpec,
  what: string,
): PluginDefinition<Kind> {
  if (exported['create'] !== undefined) return exported as unknown as PluginDefinition<Kind>
  const [option] = Object.keys(options)
  if (option !== undefined) {
    const problem = 'expected no options: only a plugin with "create" takes them'
    throw new CommloopError(
      'CML_ERR_PLUGIN_INVALID',
      `${what} takes no options (found "${option}"): only a plugin with "create" does`,
      { details: { option, problem, unknownOption: true } },
    )
  }
  return {
    kind,
    name: use,
    apiVersion: PLUGIN_API_VERSION,
    create: () => exported as unknown as PluginContracts[Kind],
  }
}

function create<Kind extends PluginKind>(
  definition: PluginDefinition<Kind>,
  spec: PluginSpec,
  what: string,
): PluginContracts[Kind] {
  try {
    return definition.create(spec.options)
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
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function firstLine(error: unknown): string {
  const text = foreignText(error)
  return (text.split('\n', 1)[0] ?? '') + syntaxPlace(error)
}

/** Node gives the position of a syntax error only if the module is CommonJS or was linked. */
function syntaxPlace(error: unknown): string {
  const { type, stack } = (foreignCopy(error) ?? {}) as { type?: unknown; stack?: unknown }
  if (type !== 'SyntaxError') return ''
  const [first = ''] = typeof stack === 'string' ? stack.split('\n', 1) : []
  const place = /^(?:file:\/\/)?(\/.*:\d+)$/.exec(first)
  return place === null ? '; run `node` with this file to see where' : ` (${String(place[1])})`
}
