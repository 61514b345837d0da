import { type Stats, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { readNamedPipe } from './named-pipe.js'
import { readRegularFile } from './regular-file.js'

/** Enough for a table of ten thousand entries. A larger file is probably not a configuration. */
export const CONFIG_BYTES_MAX = 1024 * 1024
const WHAT = 'configuration'

/** A configuration file before it is decoded. */
export interface ConfigBytes {
  readonly bytes: Buffer
  /** Every user of this machine may change the file. */
  readonly isOpenToAll: boolean
  /** It can be read only once. */
  readonly isPipe: boolean
}

/**
 * Reads a file that may be a configuration.
 *
 * @param isNamed The user named this file, so it may be a pipe.
 * @throws CommloopError CML_ERR_CONFIG_INVALID; an error of the system if there is no such file
 */
export async function readConfigFile(
  file: string,
  name: string,
  isNamed: boolean,
): Promise<ConfigBytes> {
  const found = await stat(file)
  if (isNamed && found.isFIFO()) {
    const bytes = await readNamedPipe(file, name, CONFIG_BYTES_MAX, WHAT)
    return { bytes, isOpenToAll: false, isPipe: true }
  }
  const { bytes, stats } = readRegularFile(file, name, CONFIG_BYTES_MAX, WHAT)
  return { bytes, isOpenToAll: isOpenToAll(stats), isPipe: false }
}

const WRITABLE_BY_OTHERS = 0o002

/** Whether every user of this machine may change the file. */
function isOpenToAll({ mode }: Stats): boolean {
  return process.platform !== 'win32' && (mode & WRITABLE_BY_OTHERS) !== 0
}

export function isFolder(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false
}

export async function exists(file: string): Promise<boolean> {
  try {
    await stat(file)
    return true
  } catch {
    return false
  }
}
