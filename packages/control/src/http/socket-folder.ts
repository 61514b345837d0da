import { lstatSync, mkdirSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'

const OTHERS = 0o077
const WRITABLE_BY_OTHERS = 0o022
const STICKY = 0o1000

/** Makes the folder where it is missing. @returns why it cannot be used, or undefined */
export function folderProblem(folder: string, uid: number): string | undefined {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') return `${folder} cannot be made: ${messageOf(error)}`
  }
  return ownFolderProblem(folder, uid)
}

/** False only if nothing has this name. */
export function folderExists(folder: string): boolean {
  try {
    lstatSync(folder)
    return true
  } catch (error) {
    return codeOf(error) !== 'ENOENT'
  }
}

/** Why a folder that is there is not ours alone: whoever may write to it could put a socket of his own there. */
export function ownFolderProblem(folder: string, uid: number): string | undefined {
  let facts: Stats
  try {
    // Not followed: a link may lead to a folder that is not what it seems.
    facts = lstatSync(folder)
  } catch (error) {
    return `${folder} cannot be read: ${messageOf(error)}`
  }
  if (facts.isSymbolicLink()) return `${folder} is a symbolic link, and has to be a folder`
  if (!facts.isDirectory()) return `${folder} is no folder`
  if (facts.uid !== uid) return `${folder} belongs to user ${String(facts.uid)}, not to us`
  if ((facts.mode & OTHERS) !== 0) return `${folder} is open to others: chmod 700 ${folder}`
  return undefined
}

/** The folder of a path that the user chose is his, as long as not everybody may replace what lies in it. */
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
    return `${folder} cannot be used: ${messageOf(error)}`
  }
}

export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
