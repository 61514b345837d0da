import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { CommloopError, messageText, systemCode } from '@commloop/core'
import { exists, readConfigFile } from './config-file.js'
import { CODE_PLACES, codeRejected, DATA_PLACES, isCode, isPackageFile } from './config-places.js'
import { type ConfigReader, createConfigReader } from './cosmiconfig-adapter.js'
import type { EncodingProblem } from './encoding-problem.js'
import { decodeUtf8 } from './utf8-text.js'

/** Which configuration to find. */
export interface ConfigRequest {
  /** The folder that is searched if no file is named, and to which relative names refer. */
  readonly cwd: string
  /** `COMMLOOP_CONFIG` may name a file, and `${NAME}` in the file is replaced by a variable. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** The file that the user named. Default: see `findConfig`. */
  readonly file?: string | undefined
  /** The option with which the user named it, for messages. Default: `--config`. */
  readonly option?: string
}

/** The text of a configuration, and its place. */
export interface ConfigSource {
  /** The absolute path. */
  readonly file: string
  /** The file relative to the working folder, for messages. */
  readonly name: string
  /** Relative paths in the configuration refer to this folder. */
  readonly folder: string
  readonly text: string
  /** Set if the file is not UTF-8: the text is unusable. */
  readonly encoding?: EncodingProblem
  /** The configuration is the key `commloop` of this file. */
  readonly underPackageKey: boolean
  readonly warnings: readonly string[]
}

/**
 * Finds the configuration and reads its text: `request.file`, else the file in `COMMLOOP_CONFIG`, else the only one in
 * the working folder. Parent folders are not searched: other users may be able to write there, and must not configure a
 * daemon.
 *
 * @throws CommloopError CML_ERR_CONFIG_NOT_FOUND, CML_ERR_CONFIG_AMBIGUOUS, CML_ERR_CONFIG_CODE, and
 *   CML_ERR_CONFIG_INVALID if the file cannot be read.
 */
export async function findConfig(request: ConfigRequest): Promise<ConfigSource> {
  const { cwd } = request
  const read = await createConfigReader(cwd)
  const named = namedFile(request)
  return named === undefined ? await loadOnly(read, cwd) : await loadNamed(read, cwd, named)
}

interface NamedFile {
  readonly file: string
  /** The option or the variable that named it. */
  readonly by: string
}

function namedFile(request: ConfigRequest): NamedFile | undefined {
  if (request.file !== undefined) {
    return { file: request.file, by: request.option ?? '--config' }
  }
  const file = request.env.COMMLOOP_CONFIG
  return file === undefined || file === '' ? undefined : { file, by: 'COMMLOOP_CONFIG' }
}

async function loadNamed(
  read: ConfigReader,
  cwd: string,
  { file: given, by }: NamedFile,
): Promise<ConfigSource> {
  const file = resolve(cwd, given)
  if (isCode(file)) throw codeRejected(nameOf(cwd, file))
  const source = await load(read, cwd, file, true)
  if (source !== undefined) return source
  const what = isPackageFile(file) ? 'has no key "commloop"' : 'does not exist'
  throw new CommloopError(
    'CML_ERR_CONFIG_NOT_FOUND',
    `${nameOf(cwd, file)}, named by ${by}, ${what}`,
  )
}

async function loadOnly(read: ConfigReader, cwd: string): Promise<ConfigSource> {
  for (const place of CODE_PLACES) {
    if (await exists(join(cwd, place))) throw codeRejected(place)
  }
  const sources: ConfigSource[] = []
  for (const place of DATA_PLACES) {
    const source = await load(read, cwd, join(cwd, place), false)
    if (source !== undefined) sources.push(source)
  }
  const [first] = sources
  if (first === undefined) throw notFound(cwd)
  if (sources.length === 1) return first
  const names = sources.map(({ name, underPackageKey }) =>
    underPackageKey ? `${name} (key "commloop")` : name,
  )
  throw new CommloopError(
    'CML_ERR_CONFIG_AMBIGUOUS',
    `${cwd} contains more than one configuration: ${names.join(' and ')}. Keep one, or name one with --config`,
  )
}

function notFound(cwd: string): CommloopError {
  const places = DATA_PLACES.map((place) =>
    place === 'package.json' ? `  ${place} (key "commloop")` : `  ${place}`,
  )
  return new CommloopError(
    'CML_ERR_CONFIG_NOT_FOUND',
    `no configuration in ${cwd}. Looked for:\n${places.join('\n')}\n` +
      '`commloop init` writes one; --config FILE or COMMLOOP_CONFIG names one in another place',
  )
}

/** undefined: the file does not exist, or is a `package.json` without the key `commloop`. */
async function load(
  read: ConfigReader,
  cwd: string,
  file: string,
  isNamed: boolean,
): Promise<ConfigSource | undefined> {
  const name = nameOf(cwd, file)
  try {
    const { bytes, isOpenToAll, isPipe } = await readConfigFile(file, name, isNamed)
    const { text: content, problem: encoding } = decodeUtf8(bytes)
    const text = encoding === undefined ? await read(file, content, isPipe) : content
    if (text === undefined) return undefined
    return {
      file,
      name,
      folder: dirname(file),
      text,
      ...(encoding === undefined ? {} : { encoding }),
      underPackageKey: isPackageFile(file),
      warnings: isOpenToAll
        ? [`${name} can be changed by every user of this machine: chmod o-w ${name}`]
        : [],
    }
  } catch (error) {
    if (CommloopError.is(error)) throw error
    const code = systemCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new CommloopError(
      'CML_ERR_CONFIG_INVALID',
      `${name} cannot be read: ${messageText(error)}`,
      { cause: error },
    )
  }
}

function nameOf(cwd: string, file: string): string {
  const near = relative(cwd, file)
  return near === '' || near.startsWith('..') || isAbsolute(near) ? file : near
}
