import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** A Unix socket's path is 108 bytes in the kernel, the last of them zero (`man 7 unix`). */
export const SOCKET_PATH_BYTES_MAX = 107
/** Enough for people to recognise the node. The hash makes the name unique. */
const NAME_LENGTH_MAX = 32
const HASH_LENGTH = 12

type Environment = Readonly<Record<string, string | undefined>>

/** A folder in which the nodes of one user may put their sockets. */
export interface SocketPlace {
  readonly folder: string
  /** True: only commloop uses the folder, creates it, and keeps other users out. False: a service manager makes it. */
  readonly isPrivate: boolean
}

/**
 * The folders for the sockets of a user, the preferred one first. A node uses the first folder that it may use. A command
 * that looks for a node searches all of them, because a service, a cron job and a login shell have different
 * environments: for this reason the list names the usual folders also if no variable does.
 */
export function socketPlaces(env: Environment, uid: number): SocketPlace[] {
  const user = String(uid)
  const own = env.XDG_RUNTIME_DIR ?? ''
  const ofService = (env.RUNTIME_DIRECTORY ?? '').split(':').filter((path) => isAbsolute(path))
  const places = [
    ...(isAbsolute(own) ? [privatePlace(own, 'commloop')] : []),
    ...ofService.map(givenPlace),
    // A folder that logind removes when its user logs out is not the first choice of root.
    uid === 0 ? privatePlace('/run', 'commloop') : privatePlace(`/run/user/${user}`, 'commloop'),
    uid === 0 ? privatePlace('/run/user/0', 'commloop') : givenPlace('/run/commloop'),
    privatePlace(tmpdir(), `commloop-${user}`),
    privatePlace('/tmp', `commloop-${user}`),
  ]
  return [...new Map(places.map((place) => [place.folder, place])).values()]
}

/** The folders of `socketPlaces`. */
export function runtimeFolders(env: Environment, uid: number): string[] {
  return socketPlaces(env, uid).map(({ folder }) => folder)
}

function privatePlace(parent: string, name: string): SocketPlace {
  return { folder: join(parent, name), isPrivate: true }
}

function givenPlace(folder: string): SocketPlace {
  return { folder, isPrivate: false }
}

/** The file name of a socket: `plant-l2-1f0c7d2a9be4.sock`. */
export function socketName(node: string, configFile: string): string {
  const readable = node.replace(/[^A-Za-z0-9._-]+/g, '_').slice(0, NAME_LENGTH_MAX)
  return `${readable}${socketNameEnd(configFile)}`
}

/** The end of the file name. It depends only on the configuration's path, so it stays when the node is renamed. */
export function socketNameEnd(configFile: string): string {
  const hash = createHash('sha256').update(realPath(configFile)).digest('hex')
  return `-${hash.slice(0, HASH_LENGTH)}.sock`
}

/** The name under which a socket is created. The kernel lists the socket by this name after it was moved. */
export function draftName(pid: number): string {
  return `.${pid.toString(36)}.sock`
}

/** Recognises the path of a draft in the kernel's list of sockets. */
export const DRAFT_PATH = /\/\.[0-9a-z]+\.sock$/

function realPath(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return file
  }
}
