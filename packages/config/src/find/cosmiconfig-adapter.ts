/**
 * The only file that uses cosmiconfig. commloop uses it to load files that it has read and checked before, and prevents
 * everything else that it does:
 *
 * - it searches parent folders and stops at the first match: only `load` is called, never `search`
 * - it executes files that are code: their loaders reject
 * - it resolves `$import` and merges files: the loaders return the text, not values, and positions stay known
 * - when created, it reads options for itself from the working folder and executes `.config/config.js`, and no option
 *   turns this off: `createConfigReader` rejects such folders first
 * - when it is imported, it asks for the home folder, which throws for a user without HOME and without an entry in the
 *   user database, as in many containers: it is imported with a home folder that it never reads
 */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { CommloopError, messageText } from '@commloop/core'
import type { Loader, PublicExplorer } from 'cosmiconfig'
import { isMap, parseDocument } from 'yaml'
import { CONFIG_BYTES_MAX, exists, isFolder } from './config-file.js'
import { codeRejected, DATA_PLACES, isPackageFile } from './config-places.js'
import { readRegularFile } from './regular-file.js'

/**
 * The text of a configuration file, from its content; undefined: a `package.json` without the key `commloop`.
 *
 * @param isPipe the file cannot be read again
 */
export type ConfigReader = (
  file: string,
  content: string,
  isPipe: boolean,
) => Promise<string | undefined>

/**
 * @param cwd the folder of the configuration
 * @throws CommloopError CML_ERR_CONFIG_CODE, CML_ERR_CONFIG_INVALID if a folder has options for cosmiconfig itself
 */
export async function createConfigReader(cwd: string): Promise<ConfigReader> {
  for (const folder of new Set([process.cwd(), cwd])) await rejectFinderOptions(folder)
  const contents = new Map<string, string>()
  const explorer = await createExplorer((file, text) => asText(file, contents.get(file) ?? text))
  return async (file, content, isPipe) => {
    if (isPipe) return content
    contents.set(file, content)
    const result: { config: unknown } | null = await explorer.load(file)
    return result === null ? undefined : textOf(result.config)
  }
}

const FINDER_CODE_PLACES = ['js', 'mjs', 'cjs', 'ts'].map((end) => `.config/config.${end}`)
const FINDER_DATA_PLACES = [
  'package.json',
  'package.yaml',
  '.config/config.json',
  '.config/config.yaml',
  '.config/config.yml',
]

async function rejectFinderOptions(folder: string): Promise<void> {
  for (const place of FINDER_CODE_PLACES) {
    if (!(await exists(join(folder, place)))) continue
    throw new CommloopError(
      'CML_ERR_CONFIG_CODE',
      `the configuration finder would execute ${join(folder, place)}. ` +
        'Remove the file, or start in another folder',
    )
  }
  for (const place of FINDER_DATA_PLACES) {
    const document = parseDocument(textOrNothing(join(folder, place)), { uniqueKeys: false })
    if (!isMap(document.contents) || !document.has('cosmiconfig')) continue
    throw new CommloopError(
      'CML_ERR_CONFIG_INVALID',
      `${join(folder, place)} sets options of the configuration finder (key "cosmiconfig"), which would ` +
        'change where it searches. Remove the key, or start in another folder',
    )
  }
}

/**
 * The text of a file that cosmiconfig reads when it is created, whatever it is. So a pipe or a huge file of this name
 * is rejected here.
 */
function textOrNothing(file: string): string {
  try {
    return readRegularFile(file, file, CONFIG_BYTES_MAX, 'configuration').bytes.toString('utf8')
  } catch (error) {
    // A folder of this name is skipped by cosmiconfig too.
    if (CommloopError.is(error) && !isFolder(file)) throw error
    return ''
  }
}

async function createExplorer(asText: Loader): Promise<PublicExplorer> {
  const { cosmiconfig } = await importedFinder()
  const reject = (file: string): never => {
    throw codeRejected(file)
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
        '.js': reject,
        '.mjs': reject,
        '.cjs': reject,
        '.ts': reject,
      },
    })
  } catch (error) {
    throw new CommloopError(
      'CML_ERR_CONFIG_INVALID',
      `the options of the configuration finder in ${process.cwd()} cannot be read: ${messageText(error)}`,
      { cause: error },
    )
  }
}

async function importedFinder(): Promise<typeof import('cosmiconfig')> {
  if (hasHome()) return await import('cosmiconfig')
  process.env['HOME'] = UNUSED_HOME
  try {
    return await import('cosmiconfig')
  } finally {
    delete process.env['HOME']
  }
}

const UNUSED_HOME = '/'

function hasHome(): boolean {
  try {
    homedir()
    return true
  } catch {
    return false
  }
}

/** cosmiconfig takes the key `commloop` out of any file called `package`, so the text must be under that key. */
function asText(file: string, text: string): object {
  if (!isPackageFile(file)) return { text }
  const document = parseDocument(text, { uniqueKeys: false })
  if (document.errors.length > 0) {
    throw new CommloopError('CML_ERR_CONFIG_INVALID', `${file} cannot be read as JSON`)
  }
  return isMap(document.contents) && document.has('commloop') ? { commloop: { text } } : {}
}

function textOf(config: unknown): string {
  if (typeof config !== 'object' || config === null || !('text' in config)) return ''
  return typeof config.text === 'string' ? config.text : ''
}
