import { chmodSync, lstatSync, renameSync, type Stats, unlinkSync } from 'node:fs'
import type { RequestListener, Server } from 'node:http'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { messageText, systemCode } from '@commloop/core'
import { CONTROL_LIMITS } from '../app/control-limits.js'
import { closeServer, limitedServer, listening } from './http-server.js'
import { SOCKET_PATH_BYTES_MAX } from './socket-path.js'

/** How long a process that listens may take to accept a connection. */
const PROBE_MS_MAX = 1_000
/** How often another process may replace the socket between our check and our rename. */
const TRIES = 3

/** The control socket cannot be opened; the message says why. */
export class SocketProblem extends Error {
  override readonly name: string = 'SocketProblem'
}

/** A running node of the same configuration owns the socket. */
export class SocketTaken extends SocketProblem {
  override readonly name = 'SocketTaken'
}

/**
 * Serves requests on a Unix domain socket that only its owner can reach. The socket is created under a temporary name,
 * and moved to its path when it listens and its mode is set:
 *
 *     .<pid>.sock  ── listen, chmod 600 ── rename ──▶  plant-l2-1f0c7d2a9be4.sock
 *
 * So a client never finds a socket that is not ready. Closing the server removes the temporary name, and never the socket
 * of a process that has taken the path since.
 */
export class UnixSocketListener {
  readonly path: string
  readonly #server: Server
  readonly #inode: number

  private constructor(server: Server, path: string, inode: number) {
    this.#server = server
    this.path = path
    this.#inode = inode
    process.once('exit', this.#remove)
  }

  /** @throws SocketProblem; SocketTaken if a running node owns the socket */
  static async open(path: string, listener: RequestListener): Promise<UnixSocketListener> {
    const draft = join(dirname(path), `.${process.pid.toString(36)}.sock`)
    refuseLength(path)
    refuseLength(draft)
    let stale = await staleInode(path)
    const server = limitedServer(listener, CONTROL_LIMITS.connections)
    try {
      await listening(server, () => {
        listenPrivately(server, draft)
      })
      chmodSync(draft, 0o600)
      for (let tries = 1; inodeOf(path) !== stale; tries++) {
        if (tries > TRIES) throw new SocketProblem(`other processes keep replacing ${path}`)
        stale = await staleInode(path)
      }
      renameSync(draft, path)
    } catch (error) {
      server.close()
      if (error instanceof SocketProblem) throw error
      throw new SocketProblem(`${path}: ${messageText(error)}`, { cause: error })
    }
    return new UnixSocketListener(server, path, inodeOf(path) ?? 0)
  }

  async close(): Promise<void> {
    await closeServer(this.#server)
    process.off('exit', this.#remove)
    this.#remove()
  }

  /** Removes the socket, unless another node has put its own in this place. Also called when the process exits. */
  readonly #remove = (): void => {
    try {
      if (inodeOf(this.path) === this.#inode) unlinkSync(this.path)
    } catch {
      // If the folder was removed, so was the socket.
    }
  }
}

function refuseLength(path: string): void {
  const bytes = Buffer.byteLength(path)
  if (bytes <= SOCKET_PATH_BYTES_MAX) return
  throw new SocketProblem(
    `a socket path may have at most ${String(SOCKET_PATH_BYTES_MAX)} bytes, but ${path} has ${String(bytes)}: ` +
      'set `control` to a shorter path',
  )
}

/** Creates the socket with a mode that excludes other users from the beginning. */
function listenPrivately(server: Server, path: string): void {
  // `listen` creates the socket before it returns, so no other code runs with this umask.
  const before = process.umask(0o177)
  try {
    server.listen(path)
  } finally {
    process.umask(before)
  }
}

/** The file at the path, if it may be replaced; undefined: there is none. @throws SocketProblem */
async function staleInode(path: string): Promise<number | undefined> {
  const facts = factsOf(path)
  if (facts === undefined) return undefined
  if (!facts.isSocket()) throw new SocketProblem(`${path} exists and is not a socket: not replaced`)
  if (facts.uid !== process.getuid?.()) {
    throw new SocketProblem(`${path} belongs to user ${String(facts.uid)}: not replaced`)
  }
  if (await answers(path)) throw new SocketTaken(`${path} belongs to a running node`)
  return facts.ino
}

function inodeOf(path: string): number | undefined {
  return factsOf(path)?.ino
}

function factsOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false })
}

/** True if a process listens there. The system refuses the connection if the process has ended without cleaning up. */
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
      const code = systemCode(error)
      done(code !== 'ECONNREFUSED' && code !== 'ENOENT')
    })
  })
}
