import { join } from 'node:path'
import { chosenFolderProblem, folderProblem } from './socket-folder.js'
import { runtimeFolders, socketName } from './socket-path.js'
import { SocketProblem } from './unix-socket-listener.js'

type Environment = Readonly<Record<string, string | undefined>>

/** Where a node puts its socket. */
export interface SocketLocation {
  /** Creates the folder if it is missing. @returns the path of the socket @throws SocketProblem */
  path(): string
}

/** A path that the user has chosen. */
export function chosenLocation(path: string): SocketLocation {
  return {
    path: () => {
      const problem = chosenFolderProblem(path, userId())
      if (problem !== undefined) throw new SocketProblem(problem)
      return path
    },
  }
}

/**
 * The location that `commloop status` and the other commands look at: the first usable folder of `runtimeFolders`, and a
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
      for (const folder of runtimeFolders(env, userId())) {
        const problem = folderProblem(folder, userId())
        if (problem === undefined) return join(folder, socketName(node, configFile))
        problems.push(problem)
      }
      throw new SocketProblem(
        `${problems.join('; ')}. Set \`control: <path>\` to use another location`,
      )
    },
  }
}

/** @throws SocketProblem on Windows, which has neither user ids nor Unix domain sockets */
function userId(): number {
  const uid = process.getuid?.()
  if (uid === undefined) throw new SocketProblem('this system does not have Unix domain sockets')
  return uid
}
