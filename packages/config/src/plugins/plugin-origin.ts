import { existsSync, statSync } from 'node:fs'
import { dirname, extname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { CommloopError, messageText, type PluginKind } from '@commloop/core'
import { resolve as resolveModule } from 'import-meta-resolve'
import { notRegular, readRegularFile, tooLarge } from '../find/regular-file.js'
import { builtinPlugin } from './builtin-plugins.js'

/** Where a plugin was found: in a file, in an installed package, or in commloop itself. */
export type PluginOrigin =
  | { readonly from: 'file'; readonly file: string }
  | ({ readonly from: 'package'; readonly file: string } & PackageFacts)
  | ({ readonly from: 'commloop' } & PackageFacts)

export interface PackageFacts {
  readonly package: string
  readonly version: string | undefined
}

/** The name of a package, with or without a scope, and optionally a path inside the package. */
const PACKAGE_NAME = /^(@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*(\/[\w.~/-]+)?$/i

const MODULE_EXTENSIONS = ['.mjs', '.js', '.cjs']

/**
 * Looks for a plugin, starting from the configuration's folder: a path; the package `@commloop/<kind>-<name>`; the
 * built-in plugin of this name; the package `commloop-<kind>-<name>`; the name itself as a package.
 *
 * @throws CommloopError CML_ERR_PLUGIN_MISSING with every name tried; CML_ERR_PLUGIN_INVALID if a package exists but has
 *   no module to load.
 */
export function findPlugin(kind: PluginKind, use: string, folder: string): PluginOrigin {
  if (use.startsWith('.') || isAbsolute(use)) return findFile(use, folder)
  const tried = namesOf(kind, use)
  const builtin = builtinPlugin(kind, use)
  for (const name of tried) {
    const file = packageFile(name, folder)
    if (file !== undefined) return { from: 'package', file, ...packageFacts(file, name) }
    // Before the other names: `tcp` never means an unrelated package of that name.
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
      `"${use}" is neither a path (./…) nor a package name${guess}`,
    )
  }
  return new CommloopError(
    'CML_ERR_PLUGIN_MISSING',
    `"${use}" was not found. Tried the packages ${tried.join(', ')}, starting from ${folder}` +
      (guess === '' ? '. Install one of them there, or give a path such as ./name.mjs' : guess),
  )
}

function findFile(use: string, folder: string): PluginOrigin {
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

/** The module of a package; undefined if there is no such package, or if the name is a module of Node itself. */
function packageFile(name: string, folder: string): string | undefined {
  checkPackageFiles(name, folder)
  try {
    const url = resolveModule(name, pathToFileURL(join(folder, 'package.json')).href)
    return url.startsWith('file:') ? fileURLToPath(url) : undefined
  } catch (error) {
    if (codeOf(error) === 'ERR_MODULE_NOT_FOUND') return undefined
    throw new CommloopError(
      'CML_ERR_PLUGIN_INVALID',
      `the package ${name} is installed, but has no module to load: ${messageText(error)}`,
      { cause: error },
    )
  }
}

/** The largest package.json. */
const PACKAGE_BYTES_MAX = 1024 * 1024

/**
 * Node reads the package.json of the folder, of each folder above it, and of the package, whatever they are.
 *
 * @throws CommloopError CML_ERR_CONFIG_INVALID for one that is a pipe, a device or too large
 */
function checkPackageFiles(name: string, folder: string): void {
  const [scope = '', inner = ''] = name.split('/')
  const root = scope.startsWith('@') ? join(scope, inner) : scope
  for (let at = folder; ; at = dirname(at)) {
    for (const file of [join(at, 'package.json'), join(at, 'node_modules', root, 'package.json')]) {
      const stats = statSync(file, { throwIfNoEntry: false })
      if (stats === undefined || stats.isDirectory()) continue
      if (!stats.isFile()) throw notRegular(stats, file)
      if (stats.size > PACKAGE_BYTES_MAX) throw tooLarge(file, PACKAGE_BYTES_MAX, 'package')
    }
    if (dirname(at) === at) return
  }
}

/** Name and version from the nearest package.json above the module. */
function packageFacts(file: string | undefined, name: string): PackageFacts {
  for (let at = file; at !== undefined && dirname(at) !== at; at = dirname(at)) {
    const facts = readPackageFacts(join(dirname(at), 'package.json'))
    if (facts !== undefined) return facts
  }
  return { package: name, version: undefined }
}

function readPackageFacts(file: string): PackageFacts | undefined {
  try {
    const text = readRegularFile(file, file, PACKAGE_BYTES_MAX, 'package').bytes.toString('utf8')
    const data = JSON.parse(text) as { name?: unknown; version?: unknown }
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
