import { chmodSync, lstatSync, renameSync, type Stats, unlinkSync } from 'node:fs'
import { lstat } from 'node:fs/promises'
import type { RequestListener, Server } from 'node:http'
import { dirname, join } from 'node:path'
import { messageText, systemCode } from '@commloop/core'
import { CONTROL_LIMITS } from '../app/control-limits.js'
import { closeServer, limitedServer, listening } from './http-server.js'
import { lengthProblem } from './socket-location.js'
import { draftName } from './socket-path.js'
import { probeSocket } from './socket-probe.js'
import { SocketProblem, SocketTaken } from './socket-problem.js'

/** How often another process may replace the socket between our check and our rename. */
const TRIES = 3

type FileId = Pick<Stats, 'dev' | 'ino'>

/**
 * Serves requests on a Unix domain socket that only its owner can reach. The socket is created under a temporary name,
 * and moved to its path when it listens and its mode is set:
 *
 *     .<pid>.sock  ── listen, chmod 600 ── rename ──▶  plant-l2-1f0c7d2a9be4.sock
 *
 * So a client never finds a socket that is not ready. Closing the server removes the temporary name, and never the socket
 * of a process that has taken the path since. If the socket was removed, `open` makes it again; the connections that are
 * open then continue.
 */
export class UnixSocketListener {
  readonly #server: Server
  #path: string | undefined
  #file: FileId | undefined

  constructor(listener: RequestListener) {
    this.#server = limitedServer(listener, CONTROL_LIMITS.connections, false)
    process.once('exit', this.#remove)
  }

  /** Where the socket was opened last; undefined: it never was. */
  get path(): string | undefined {
    return this.#path
  }

  /**
   * Whether clients still reach this socket at its path. The number of a file is not used again while its socket is open,
   * so another file never looks like this one.
   */
  async isInPlace(): Promise<boolean> {
    if (this.#path === undefined || this.#file === undefined) return false
    try {
      return sameFile(await lstat(this.#path), this.#file)
    } catch (error) {
      // Any other error says nothing about the socket.
      return systemCode(error) !== 'ENOENT' && systemCode(error) !== 'ENOTDIR'
    }
  }

  /** Opens the socket, also again. @throws SocketProblem; SocketTaken if another process listens on the path */
  async open(path: string): Promise<void> {
    const draft = join(dirname(path), draftName(process.pid))
    const long = lengthProblem(path) ?? lengthProblem(draft)
    if (long !== undefined) throw new SocketProblem(`${long}: set \`control\` to a shorter path`)
    try {
      let stale = await staleFile(path)
      if (this.#server.listening) this.#server.close()
      await listening(this.#server, () => {
        listenPrivately(this.#server, draft)
      })
      chmodSync(draft, 0o600)
      for (let tries = 1; !sameFile(factsOf(path), stale); tries++) {
        if (tries > TRIES) throw new SocketProblem(`other processes keep replacing ${path}`)
        stale = await staleFile(path)
      }
      renameSync(draft, path)
      this.#path = path
      this.#file = factsOf(path)
    } catch (error) {
      this.#file = undefined
      if (this.#server.listening) this.#server.close()
      if (error instanceof SocketProblem) throw error
      throw new SocketProblem(`${path}: ${messageText(error)}`, { cause: error })
    }
  }

  async close(): Promise<void> {
    await closeServer(this.#server)
    process.off('exit', this.#remove)
    this.#remove()
  }

  /** Removes the socket, unless another node has put its own in this place. Also called when the process exits. */
  readonly #remove = (): void => {
    if (this.#path === undefined || this.#file === undefined) return
    try {
      if (sameFile(factsOf(this.#path), this.#file)) unlinkSync(this.#path)
    } catch {
      // If the folder was removed, so was the socket.
    }
  }
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
async function staleFile(path: string): Promise<FileId | undefined> {
  const facts = factsOf(path)
  if (facts === undefined) return undefined
  if (!facts.isSocket()) throw new SocketProblem(`${path} exists and is not a socket: not replaced`)
  if (facts.uid !== process.getuid?.()) {
    throw new SocketProblem(`${path} belongs to user ${String(facts.uid)}: not replaced`)
  }
  if ((await probeSocket(path)) !== 'gone')
    throw new SocketTaken(`another process listens at ${path}`)
  return facts
}

function factsOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false })
}

function sameFile(left: FileId | undefined, right: FileId | undefined): boolean {
  return left?.ino === right?.ino && left?.dev === right?.dev
}
