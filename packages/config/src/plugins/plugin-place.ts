import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, extname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { CommloopError } from '@commloop/core'
import { resolve as resolveModule } from 'import-meta-resolve'
import { builtinPlugin } from './builtin-plugins.js'
import type { PluginKind } from './plugin-kind.js'

/** Where a plugin was found. */
export type PluginPlace =
  | { readonly from: 'file'; readonly file: string }
  | ({ readonly from: 'package'; readonly file: string } & PackageFacts)
  | ({ readonly from: 'commloop' } & PackageFacts)

export interface PackageFacts {
  readonly package: string
  readonly version: string | undefined
}

/** The name of a package, with or without scope, and perhaps a path inside of it. */
const PACKAGE_NAME = /^(@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*(\/[\w.~/-]+)?$/i

const MODULE_EXTENSIONS = ['.mjs', '.js', '.cjs']

/**
 * Looks for a plugin as seen from the configuration's folder: a path; `@commloop/<kind>-<name>`, for the plugins
 * that commloop brings along also among its own; `commloop-<kind>-<name>`; the name itself as a package.
 *
 * @throws CommloopError CML_ERR_PLUGIN_MISSING naming every place tried; CML_ERR_PLUGIN_INVALID where a package is
 *   there and has no module to load.
 */
export function findPlugin(kind: PluginKind, use: string, folder: string): PluginPlace {
  if (use.startsWith('.') || isAbsolute(use)) return findFile(use, folder)
  const tried = namesOf(kind, use)
  const builtin = builtinPlugin(kind, use)
  for (const name of tried) {
    const file = packageFile(name, folder)
    if (file !== undefined) return { from: 'package', file, ...packageFacts(file, name) }
    // Before the other names: nobody who writes `tcp` means a stranger's package of that name.
    if (builtin !== undefined) {
      const own = packageFile(builtin.package, dirname(fileURLToPath(import.meta.url)))
      return { from: 'commloop', ...packageFacts(own, builtin.package) }
    }
  }
  throw missing(use, folder, tried)
}

function namesOf(kind: PluginKind, use: string): string[] {
  if (!PACKAGE_NAME.test(use)) return []
  const isShort = !use.includes('/')
  return isShort ? [`@commloop/${kind}-${use}`, `commloop-${kind}-${use}`, use] : [use]
}

function missing(use: string, folder: string, tried: readonly string[]): CommloopError {
  const file = ['', ...MODULE_EXTENSIONS]
    .map((extension) => `./${use}${extension}`)
    .find((path) => isFile(join(folder, path)))
  const guess = file === undefined ? '' : `. Did you mean "${file}"?`
  if (tried.length === 0) {
    return new CommloopError(
      'CML_ERR_PLUGIN_MISSING',
      `"${use}" is neither a path (./…) nor the name of a package${guess}`,
    )
  }
  return new CommloopError(
    'CML_ERR_PLUGIN_MISSING',
    `"${use}" was not found. Tried the packages ${tried.join(', ')}, seen from ${folder}` +
      (guess === '' ? '. Install one of them there, or give a path such as ./name.mjs' : guess),
  )
}

function findFile(use: string, folder: string): PluginPlace {
  const file = resolve(folder, use)
  if (isFile(file)) return { from: 'file', file }
  const near = MODULE_EXTENSIONS.flatMap((extension) => [
    `${use}${extension}`,
    `${use}/index${extension}`,
    `${use.slice(0, use.length - extname(use).length)}${extension}`,
  ]).find((path) => isFile(resolve(folder, path)))
  const what = existsSync(file) ? 'is a folder, expected a file' : 'does not exist'
  throw new CommloopError(
    'CML_ERR_PLUGIN_MISSING',
    `"${use}" was not found: ${file} ${what}` +
      (near === undefined ? '' : `. Did you mean "${near}"?`),
  )
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}

/** The module that a package's name leads to; undefined: no such package, or a part of Node itself. */
function packageFile(name: string, folder: string): string | undefined {
  try {
    const url = resolveModule(name, pathToFileURL(join(folder, 'package.json')).href)
    return url.startsWith('file:') ? fileURLToPath(url) : undefined
  } catch (error) {
    if (codeOf(error) === 'ERR_MODULE_NOT_FOUND') return undefined
    throw new CommloopError(
      'CML_ERR_PLUGIN_INVALID',
      `the package ${name} is there, but has no module to load: ${messageOf(error)}`,
      { cause: error },
    )
  }
}

/** Name and version from the package.json that the module belongs to. */
function packageFacts(file: string | undefined, name: string): PackageFacts {
  for (let at = file; at !== undefined && dirname(at) !== at; at = dirname(at)) {
    const facts = readPackageFacts(join(dirname(at), 'package.json'))
    if (facts !== undefined) return facts
  }
  return { package: name, version: undefined }
}

function readPackageFacts(file: string): PackageFacts | undefined {
  try {
    const data = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown; version?: unknown }
    if (typeof data.name !== 'string') return undefined
    const version = typeof data.version === 'string' ? data.version : undefined
    return { package: data.name, version }
  } catch {
    return undefined
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
