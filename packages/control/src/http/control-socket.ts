import { chmodSync, lstatSync, renameSync, type Stats, unlinkSync } from 'node:fs'
import { connect, type Server } from 'node:net'
import { dirname, join } from 'node:path'
import { codeOf, messageOf } from './socket-folder.js'
import { SOCKET_PATH_BYTES_MAX } from './socket-path.js'

/** How long somebody who listens may take to accept. */
const PROBE_MS_MAX = 1_000
/** How often somebody else may come in between. */
const TRIES = 3

/** Why there is no control socket. */
export class SocketProblem extends Error {
  override readonly name: string = 'SocketProblem'
}

/** A running node has the socket already. */
export class SocketTaken extends SocketProblem {
  override readonly name = 'SocketTaken'
}

/**
 * A Unix domain socket that only its owner can reach. It is made under another name and moved to its place when it
 * listens and its mode is set:
 *
 *     .<pid>.sock  ── listen, chmod 600 ── rename ──▶  plant-l2-1f0c7d2a9be4.sock
 *
 * so that a client never finds it half made, and closing the server, which removes the first name, can never take away
 * the socket of somebody who came later.
 */
export class ControlSocket {
  readonly path: string
  readonly #inode: number

  private constructor(path: string, inode: number) {
    this.path = path
    this.#inode = inode
  }

  /** @throws SocketProblem; SocketTaken where a running node has it */
  static async open(server: Server, path: string): Promise<ControlSocket> {
    const draft = join(dirname(path), `.${process.pid.toString(36)}.sock`)
    refuseLength(path)
    refuseLength(draft)
    let stale = await staleInode(path)
    try {
      await listen(server, draft)
      chmodSync(draft, 0o600)
      for (let tries = 1; inodeOf(path) !== stale; tries++) {
        if (tries > TRIES) throw new SocketProblem(`${path} is made anew by others all the time`)
        stale = await staleInode(path)
      }
      renameSync(draft, path)
    } catch (error) {
      server.close()
      if (error instanceof SocketProblem) throw error
      throw new SocketProblem(`${path}: ${messageOf(error)}`, { cause: error })
    }
    return new ControlSocket(path, inodeOf(path) ?? 0)
  }

  /** Takes it away, unless another node has put its own in this place. */
  remove(): void {
    try {
      if (inodeOf(this.path) === this.#inode) unlinkSync(this.path)
    } catch {
      // A folder that was taken away has taken the socket with it.
    }
  }
}

function refuseLength(path: string): void {
  const bytes = Buffer.byteLength(path)
  if (bytes <= SOCKET_PATH_BYTES_MAX) return
  throw new SocketProblem(
    `the path of a socket has at most ${String(SOCKET_PATH_BYTES_MAX)} bytes, and ${path} has ${String(bytes)}: ` +
      'set `control` to a shorter one',
  )
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // What goes wrong later costs a client, not the node.
    server.on('error', () => undefined)
    // The socket is made within this call; nothing else runs meanwhile.
    const before = process.umask(0o177)
    try {
      server.listen(path, () => {
        server.off('error', reject)
        resolve()
      })
    } finally {
      process.umask(before)
    }
  })
}

/** What lies at the path and may be replaced; undefined: nothing. @throws SocketProblem */
async function staleInode(path: string): Promise<number | undefined> {
  const facts = factsOf(path)
  if (facts === undefined) return undefined
  if (!facts.isSocket()) throw new SocketProblem(`${path} is there, and is no socket: not replaced`)
  if (facts.uid !== process.getuid?.()) {
    throw new SocketProblem(`${path} belongs to user ${String(facts.uid)}: not replaced`)
  }
  if (await answers(path)) throw new SocketTaken(`${path} is the socket of a node that runs`)
  return facts.ino
}

function inodeOf(path: string): number | undefined {
  return factsOf(path)?.ino
}

function factsOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false })
}

/** Whether somebody listens there. A process that ended without removing its socket refuses. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const done = (alive: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(alive)
    }
    const timer = setTimeout(() => {
      done(true)
    }, PROBE_MS_MAX)
    socket.once('connect', () => {
      done(true)
    })
    socket.once('error', (error) => {
      const code = codeOf(error)
      done(code !== 'ECONNREFUSED' && code !== 'ENOENT')
    })
  })
}
