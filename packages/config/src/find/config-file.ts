import { type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { CommloopError, sizeText } from '@commloop/core'

/** Enough for a table of ten thousand entries. A larger file is probably not a configuration. */
const FILE_BYTES_MAX = 1024 * 1024

/**
 * Checks that a file can be a configuration, before it is read.
 *
 * @param isNamed The user named this file, so it may be a pipe. Other pipes are not read: opening a pipe without a
 *   writer blocks for ever.
 * @throws CommloopError CML_ERR_CONFIG_INVALID; an error of the system if there is no such file
 */
export async function checkConfigFile(
  file: string,
  name: string,
  isNamed: boolean,
): Promise<Stats> {
  const stats = await stat(file)
  const isUsable = isNamed ? !stats.isDirectory() : stats.isFile()
  if (!isUsable) {
    throw new CommloopError(
      'CML_ERR_CONFIG_INVALID',
      `${name} is ${stats.isDirectory() ? 'a folder' : 'not a regular file'}, expected a file`,
    )
  }
  if (stats.size > FILE_BYTES_MAX) {
    throw new CommloopError(
      'CML_ERR_CONFIG_INVALID',
      `${name} exceeds the ${sizeText(FILE_BYTES_MAX)} configuration size limit`,
    )
  }
  return stats
}

const WRITABLE_BY_OTHERS = 0o002

/** Whether every user of this machine may change the file. */
export function isOpenToAll({ mode }: Stats): boolean {
  return process.platform !== 'win32' && (mode & WRITABLE_BY_OTHERS) !== 0
}

export async function exists(file: string): Promise<boolean> {
  try {
    await stat(file)
    return true
  } catch {
    return false
  }
}
