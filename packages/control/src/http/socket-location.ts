import { join } from 'node:path'
import { chosenFolderProblem, folderProblem } from './socket-folder.js'
import { SocketProblem } from './control-socket.js'
import { runtimeFolders, socketName } from './socket-path.js'

type Environment = Readonly<Record<string, string | undefined>>

/** Where a node puts its socket: where it was told to, or in the best folder that it may use. */
export interface ControlPlace {
  /** Makes the folder. @throws SocketProblem */
  path(): string
}

export function chosenPlace(path: string): ControlPlace {
  return {
    path: () => {
      const problem = chosenFolderProblem(path, userId())
      if (problem !== undefined) throw new SocketProblem(problem)
      return path
    },
  }
}

export function usualPlace(node: string, configFile: string, env: Environment): ControlPlace {
  return {
    path: () => {
      const problems: string[] = []
      for (const folder of runtimeFolders(env, userId())) {
        const problem = folderProblem(folder, userId())
        if (problem === undefined) return join(folder, socketName(node, configFile))
        problems.push(problem)
      }
      throw new SocketProblem(`${problems.join('; ')}. \`control: <path>\` names another place`)
    },
  }
}

/** @throws SocketProblem where there are no users, and no Unix domain sockets */
function userId(): number {
  const uid = process.getuid?.()
  if (uid === undefined) throw new SocketProblem('this system has no Unix domain sockets')
  return uid
}
