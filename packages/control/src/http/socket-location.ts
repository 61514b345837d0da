import { join, resolve } from 'node:path'
import { chosenFolderProblem, folderProblem, usableFolderProblem } from './socket-folder.js'
import { SOCKET_PATH_BYTES_MAX, socketName, socketPlaces } from './socket-path.js'
import { SocketProblem } from './socket-problem.js'

type Environment = Readonly<Record<string, string | undefined>>

/** Where a node puts its socket. */
export interface SocketLocation {
  /** Creates the folder if it is missing. @returns the path of the socket @throws SocketProblem */
  path(): string
}

/** A path that the user has chosen. */
export function chosenLocation(chosen: string): SocketLocation {
  const path = resolve(chosen)
  return {
    path: () => {
      const problem = chosenFolderProblem(path, userId())
      if (problem !== undefined) throw new SocketProblem(problem)
      return path
    },
  }
}

/**
 * The location that `commloop status` and the other commands look at: the first usable folder of `socketPlaces`, and a
 * file name made of the node's name and the path of its configuration.
 */
export function defaultLocation(
  node: string,
  configFile: string,
  env: Environment,
): SocketLocation {
  return {
    path: () => {
      const problems: string[] = []
      for (const { folder, isPrivate } of socketPlaces(env, userId())) {
        const path = join(folder, socketName(node, configFile))
        const problem =
          lengthProblem(path) ??
          (isPrivate ? folderProblem(folder, userId()) : usableFolderProblem(folder, userId()))
        if (problem === undefined) return path
        problems.push(problem)
      }
      throw new SocketProblem(
        `${problems.join('; ')}. Set \`control: <path>\` to use another location`,
      )
    },
  }
}

/** @returns why the system cannot use a path for a socket, or undefined */
export function lengthProblem(path: string): string | undefined {
  const bytes = Buffer.byteLength(path)
  if (bytes <= SOCKET_PATH_BYTES_MAX) return undefined
  return `a socket path may have at most ${String(SOCKET_PATH_BYTES_MAX)} bytes, but ${path} has ${String(bytes)}`
}

/** @throws SocketProblem on Windows, which has neither user ids nor Unix domain sockets */
function userId(): number {
  const uid = process.getuid?.()
  if (uid === undefined) throw new SocketProblem('this system does not have Unix domain sockets')
  return uid
}
