import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  ControlClient,
  DRAFT_PATH,
  folderExists,
  ownFolderProblem,
  type PathTrust,
  pathProblem,
  probeSocket,
  type SocketPlace,
  socketNameEnd,
  socketPlaces,
} from '@commloop/control/client'

type Environment = Readonly<Record<string, string | undefined>>

/** How many folders from the kernel's list of sockets are searched. */
const LISTED_FOLDERS_MAX = 64

/**
 * Searches the socket of the node of a configuration, in the places of these users: the user of this process and, if that
 * is root, the user who called sudo and the owner of the configuration. At the end it searches the folders in which the
 * kernel lists control sockets, because the node may have another `XDG_RUNTIME_DIR` or `TMPDIR`.
 */
export class SocketSearch {
  /** The places that were searched without success, for people. */
  readonly tried: string[] = []
  readonly #end: string
  readonly #env: Environment
  readonly #uid = process.getuid?.() ?? 0
  readonly #users: ReadonlySet<number>

  constructor(configFile: string, env: Environment) {
    this.#end = socketNameEnd(configFile)
    this.#env = env
    this.#users = new Set([this.#uid, ...(this.#uid === 0 ? askingUsers(configFile, env) : [])])
  }

  /** The first socket that answers and that no other user can have put there. */
  async first(): Promise<ControlClient | undefined> {
    const trust: PathTrust = { owners: this.#users }
    for (const user of this.#users) {
      const env = user === this.#uid ? this.#env : {}
      for (const place of socketPlaces(env, user)) {
        // Only root can have given a folder in /run to a service.
        const appointed = this.#uid === 0 && !place.isPrivate
        const client = await this.#inPlace(place, user, { ...trust, appointed })
        if (client !== undefined) return client
      }
    }
    for (const folder of listedFolders()) {
      const client = await this.#inFolder(folder, trust)
      if (client !== undefined) return client
    }
    return undefined
  }

  async #inPlace(
    { folder, isPrivate }: SocketPlace,
    user: number,
    trust: PathTrust,
  ): Promise<ControlClient | undefined> {
    const problem = isPrivate && folderExists(folder) ? ownFolderProblem(folder, user) : undefined
    if (problem !== undefined) {
      this.tried.push(problem)
      return undefined
    }
    this.tried.push(join(folder, `*${this.#end}`))
    return await this.#inFolder(folder, trust)
  }

  async #inFolder(folder: string, trust: PathTrust): Promise<ControlClient | undefined> {
    for (const name of namesIn(folder)) {
      if (!name.endsWith(this.#end)) continue
      const path = join(folder, name)
      const problem = problemOf(path, trust)
      if (problem !== undefined) this.tried.push(problem)
      else if ((await probeSocket(path)) === 'answers') return new ControlClient(path, trust)
    }
    return undefined
  }
}

function problemOf(path: string, trust: PathTrust): string | undefined {
  try {
    return pathProblem(path, 'socket', trust)
  } catch {
    // The socket has gone.
    return undefined
  }
}

/** Users whose node root means: they can already decide what root runs here. */
function askingUsers(configFile: string, { SUDO_UID, PKEXEC_UID }: Environment): number[] {
  const callers = [SUDO_UID, PKEXEC_UID].filter((text) => /^\d{1,10}$/.test(text ?? '')).map(Number)
  try {
    return [...callers, statSync(configFile).uid]
  } catch {
    return callers
  }
}

/** The names in a folder; empty if this user may not read it. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** The folders of control sockets that the kernel lists: only on Linux, and for all users. */
function listedFolders(): string[] {
  try {
    const paths = readFileSync('/proc/net/unix', 'utf8')
      .split('\n')
      .map((line) => line.slice(line.indexOf('/')))
      .filter((path) => DRAFT_PATH.test(path))
    return [...new Set(paths.map((path) => dirname(path)))].slice(0, LISTED_FOLDERS_MAX)
  } catch {
    return []
  }
}
