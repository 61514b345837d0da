import { accessSync, constants, lstatSync, mkdirSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { messageText, systemCode } from '@commloop/core'
import { pathProblem } from './path-owners.js'

const OTHERS = 0o077

/** Creates the folder if it is missing. @returns why it cannot be used, or undefined */
export function folderProblem(folder: string, uid: number): string | undefined {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') return `${folder} cannot be created: ${messageText(error)}`
  }
  return ownFolderProblem(folder, uid) ?? usableFolderProblem(folder, uid)
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
 * Checks a folder that the user has chosen, or that a service manager has made. Other users may read it, but they must
 * not be able to replace the files in it.
 *
 * @returns why this process cannot put a socket there, or undefined
 */
export function usableFolderProblem(folder: string, uid: number): string | undefined {
  try {
    const problem = pathProblem(folder, 'folder', { owners: [uid] })
    if (problem !== undefined) return problem
    accessSync(folder, constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    return `${folder} cannot be used: ${messageText(error)}`
  }
}

/** As `usableFolderProblem`, for the folder of a socket, which is created if it is missing. */
export function chosenFolderProblem(socket: string, uid: number): string | undefined {
  const folder = dirname(socket)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    return `${folder} cannot be used: ${messageText(error)}`
  }
  return usableFolderProblem(folder, uid)
}
