import { lstatSync, mkdirSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { messageText, systemCode } from '@commloop/core'

const OTHERS = 0o077
const WRITABLE_BY_OTHERS = 0o022
const STICKY = 0o1000

/** Creates the folder if it is missing. @returns why it cannot be used, or undefined */
export function folderProblem(folder: string, uid: number): string | undefined {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') return `${folder} cannot be created: ${messageText(error)}`
  }
  return ownFolderProblem(folder, uid)
}

/** False only if nothing has this name. */
export function folderExists(folder: string): boolean {
  try {
    lstatSync(folder)
    return true
  } catch (error) {
    return systemCode(error) !== 'ENOENT'
  }
}

/**
 * Checks that only this user has access to a folder, because another user could put a socket there.
 *
 * @returns why the folder cannot be used, or undefined
 */
export function ownFolderProblem(folder: string, uid: number): string | undefined {
  let facts: Stats
  try {
    // `lstat`: a symbolic link may lead to another user's folder.
    facts = lstatSync(folder)
  } catch (error) {
    return `${folder} cannot be read: ${messageText(error)}`
  }
  if (facts.isSymbolicLink()) return `${folder} is a symbolic link; expected a folder`
  if (!facts.isDirectory()) return `${folder} is not a folder`
  if (facts.uid !== uid) return `${folder} belongs to user ${String(facts.uid)}, not to us`
  if ((facts.mode & OTHERS) !== 0) return `${folder} is open to other users: chmod 700 ${folder}`
  return undefined
}

/**
 * Checks the folder of a path that the user has chosen, and creates it if it is missing. Other users may read it, but
 * they must not be able to replace the files in it.
 *
 * @returns why the folder cannot be used, or undefined
 */
export function chosenFolderProblem(socket: string, uid: number): string | undefined {
  const folder = dirname(socket)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const { uid: owner, mode } = lstatSync(folder)
    const isOpen = (mode & WRITABLE_BY_OTHERS) !== 0 && (mode & STICKY) === 0
    if (isOpen) return `${folder} can be changed by other users: chmod go-w ${folder}`
    if (owner !== uid && owner !== 0 && (mode & STICKY) === 0)
      return `${folder} belongs to user ${String(owner)}, not to us`
    return undefined
  } catch (error) {
    return `${folder} cannot be used: ${messageText(error)}`
  }
}
