import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, extname, isAbsolute, join, relative, resolve } from 'node:path'
import { CommloopError, sizeText } from '@commloop/core'
import { cosmiconfig, type PublicExplorer } from 'cosmiconfig'
import { isMap, parseDocument } from 'yaml'

/** Where the configuration may lie, beside the folder's `package.json` under the key `commloop`. */
const DATA_PLACES = [
  'package.json',
  '.commlooprc',
  '.commlooprc.json',
  '.commlooprc.yaml',
  '.commlooprc.yml',
] as const

const CODE_EXTENSIONS = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']

/** Looked at only to say that they are not used: a user who wrote one believes that it is. */
const CODE_PLACES = ['.commlooprc', 'commloop.config'].flatMap((stem) =>
  CODE_EXTENSIONS.map((extension) => stem + extension),
)

/** cosmiconfig looks into the working folder for options of its own, and runs the ones that are code. */
const FINDER_CODE_PLACES = ['js', 'mjs', 'cjs', 'ts'].map((end) => `.config/config.${end}`)
const FINDER_DATA_PLACES = [
  'package.json',
  'package.yaml',
  '.config/config.json',
  '.config/config.yaml',
  '.config/config.yml',
]

/** A table of ten thousand entries fits; what is larger is another file. */
const FILE_BYTES_MAX = 1024 * 1024

export interface ConfigRequest {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The file named with `--config`. */
  readonly file?: string | undefined
  /** The option that names it, where it is another one. */
  readonly option?: string
}

/** The one configuration in use, unread. */
export interface ConfigSource {
  readonly file: string
  /** The file as seen from the working folder, for messages. */
  readonly name: string
  /** What relative paths in it are relative to. */
  readonly folder: string
  readonly text: string
  /** The configuration is the key `commloop` of this file. */
  readonly underPackageKey: boolean
  readonly warnings: readonly string[]
}

/**
 * The file named with `--config`, else by `COMMLOOP_CONFIG`, else the one in the working folder. Never climbs: a
 * parent folder that anybody may write to must not configure a daemon.
 *
 * @throws CommloopError CML_ERR_CONFIG_NOT_FOUND, CML_ERR_CONFIG_AMBIGUOUS, CML_ERR_CONFIG_CODE, and
 *   CML_ERR_CONFIG_INVALID where a file is there and cannot be read.
 */
export async function findConfig(request: ConfigRequest): Promise<ConfigSource> {
  for (const folder of new Set([process.cwd(), request.cwd])) await refuseFinderOptions(folder)
  const explorer = newExplorer()
  const named = namedFile(request)
  if (named !== undefined) return await loadNamed(explorer, request.cwd, named)
  return await loadOnly(explorer, request.cwd)
}

function namedFile(request: ConfigRequest): { file: string; by: string } | undefined {
  if (request.file !== undefined) {
    return { file: request.file, by: request.option ?? '--config' }
  }
  const file = request.env.COMMLOOP_CONFIG
  return file === undefined || file === '' ? undefined : { file, by: 'COMMLOOP_CONFIG' }
}

async function loadNamed(
  explorer: PublicExplorer,
  cwd: string,
  { file: given, by }: { file: string; by: string },
): Promise<ConfigSource> {
  const file = resolve(cwd, given)
  if (CODE_EXTENSIONS.includes(extname(file))) throw codeRefused(shownName(cwd, file))
  const source = await load(explorer, cwd, file, true)
  if (source !== undefined) return source
  const what = isPackageFile(file) ? 'has no key "commloop"' : 'does not exist'
  throw new CommloopError(
    'CML_ERR_CONFIG_NOT_FOUND',
    `${shownName(cwd, file)}, named by ${by}, ${what}`,
  )
}

async function loadOnly(explorer: PublicExplorer, cwd: string): Promise<ConfigSource> {
  for (const place of CODE_PLACES) {
    if (await exists(join(cwd, place))) throw codeRefused(place)
  }
  // `explorer.search` stops at the first and passes over what it may not read; here every place counts.
  const found: ConfigSource[] = []
  for (const place of DATA_PLACES) {
    const source = await load(explorer, cwd, join(cwd, place), false)
    if (source !== undefined) found.push(source)
  }
  const [first] = found
  if (first === undefined) throw notFound(cwd)
  if (found.length === 1) return first
  const names = found.map(({ name, underPackageKey }) =>
    underPackageKey ? `${name} (key "commloop")` : name,
  )
  throw new CommloopError(
    'CML_ERR_CONFIG_AMBIGUOUS',
    `${cwd} holds more than one configuration: ${names.join(' and ')}. Keep one, or name one with --config`,
  )
}

function notFound(cwd: string): CommloopError {
  const places = DATA_PLACES.map((place) =>
    place === 'package.json' ? `  ${place} (key "commloop")` : `  ${place}`,
  )
  return new CommloopError(
    'CML_ERR_CONFIG_NOT_FOUND',
    `no configuration in ${cwd}. Looked at:\n${places.join('\n')}\n` +
      '`commloop init` writes one; --config FILE or COMMLOOP_CONFIG names one elsewhere',
  )
}

function codeRefused(name: string): CommloopError {
  return new CommloopError(
    'CML_ERR_CONFIG_CODE',
    `${name} is code, and a configuration is never executed. Write it as data into .commlooprc ` +
      '(YAML or JSON), or start the node from your own program with @commloop/core',
  )
}

/** Texts, not values: the finder must not see `$import`, and positions are needed for messages. */
function newExplorer(): PublicExplorer {
  const refuse = (file: string): never => {
    throw codeRefused(file)
  }
  try {
    return cosmiconfig('commloop', {
      searchPlaces: [...DATA_PLACES],
      searchStrategy: 'none',
      ignoreEmptySearchPlaces: false,
      mergeImportArrays: false,
      cache: false,
      loaders: {
        '.json': asText,
        '.yaml': asText,
        '.yml': asText,
        noExt: asText,
        default: asText,
        '.js': refuse,
        '.mjs': refuse,
        '.cjs': refuse,
        '.ts': refuse,
      },
    })
  } catch (error) {
    throw new CommloopError(
      'CML_ERR_CONFIG_INVALID',
      `the finder's own options in ${process.cwd()} cannot be read: ${messageOf(error)}`,
      { cause: error },
    )
  }
}

/** cosmiconfig takes the key `commloop` out of any file called `package`, so it must find one there. */
function asText(file: string, text: string): object {
  if (!isPackageFile(file)) return { text }
  const document = parseDocument(text, { uniqueKeys: false })
  if (document.errors.length > 0) {
    throw new CommloopError('CML_ERR_CONFIG_INVALID', `${file} cannot be read as JSON`)
  }
  return isMap(document.contents) && document.has('commloop') ? { commloop: { text } } : {}
}

function isPackageFile(file: string): boolean {
  return basename(file, extname(file)) === 'package'
}

async function load(
  explorer: PublicExplorer,
  cwd: string,
  file: string,
  named: boolean,
): Promise<ConfigSource | undefined> {
  const name = shownName(cwd, file)
  try {
    const { mode } = await readable(file, name, named)
    const result: { config: unknown; isEmpty?: boolean } | null = await explorer.load(file)
    if (result === null) return undefined
    return {
      file,
      name,
      folder: dirname(file),
      text: textOf(result.config),
      underPackageKey: isPackageFile(file),
      warnings: openToAll(mode)
        ? [`${name} can be changed by every user of this machine: chmod o-w ${name}`]
        : [],
    }
  } catch (error) {
    if (CommloopError.is(error)) throw error
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new CommloopError(
      'CML_ERR_CONFIG_INVALID',
      `${name} cannot be read: ${messageOf(error)}`,
      { cause: error },
    )
  }
}

/** Pipes are read only where the user named one: opening one that nobody writes to blocks for ever. */
async function readable(file: string, name: string, named: boolean): Promise<{ mode: number }> {
  const facts = await stat(file)
  const usable = named ? !facts.isDirectory() : facts.isFile()
  if (!usable) {
    throw new CommloopError(
      'CML_ERR_CONFIG_INVALID',
      `${name} is ${facts.isDirectory() ? 'a folder' : 'no regular file'}, expected a file`,
    )
  }
  if (facts.size > FILE_BYTES_MAX) {
    throw new CommloopError(
      'CML_ERR_CONFIG_INVALID',
      `${name} is larger than ${sizeText(FILE_BYTES_MAX)}, which no configuration is`,
    )
  }
  return facts
}

function textOf(config: unknown): string {
  if (typeof config !== 'object' || config === null || !('text' in config)) return ''
  return typeof config.text === 'string' ? config.text : ''
}

const WRITABLE_BY_OTHERS = 0o002

function openToAll(mode: number): boolean {
  return process.platform !== 'win32' && (mode & WRITABLE_BY_OTHERS) !== 0
}

/**
 * cosmiconfig 9 reads options for itself from the working folder when it is made, and no option of ours turns that
 * off: it would execute `.config/config.js`, and what it finds goes before what we ask for.
 */
async function refuseFinderOptions(folder: string): Promise<void> {
  for (const place of FINDER_CODE_PLACES) {
    if (!(await exists(join(folder, place)))) continue
    throw new CommloopError(
      'CML_ERR_CONFIG_CODE',
      `${join(folder, place)} would be executed by the configuration finder. ` +
        'Remove it, or start in another folder',
    )
  }
  for (const place of FINDER_DATA_PLACES) {
    const document = parseDocument(await textOrNothing(join(folder, place)), { uniqueKeys: false })
    if (!isMap(document.contents) || !document.has('cosmiconfig')) continue
    throw new CommloopError(
      'CML_ERR_CONFIG_INVALID',
      `${join(folder, place)} sets options of the configuration finder (key "cosmiconfig"), which would ` +
        'change where a configuration is looked for. Remove the key, or start in another folder',
    )
  }
}

async function textOrNothing(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    return ''
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file)
    return true
  } catch {
    return false
  }
}

function shownName(cwd: string, file: string): string {
  const near = relative(cwd, file)
  return near === '' || near.startsWith('..') || isAbsolute(near) ? file : near
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
