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

/**
 * The folders for sockets, the preferred one first. A node uses the first folder that it may use. A command that looks for
 * a node searches all of them, because a service and a login shell have different environments.
 */
export function runtimeFolders(env: Environment, uid: number): string[] {
  const own = env.XDG_RUNTIME_DIR
  return [
    ...(own !== undefined && isAbsolute(own) ? [join(own, 'commloop')] : []),
    ...(uid === 0 ? ['/run/commloop'] : []),
    join(tmpdir(), `commloop-${String(uid)}`),
  ]
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

function realPath(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return file
  }
}
