import { lstatSync, readlinkSync, type Stats } from 'node:fs'
import { isAbsolute, join, parse, resolve, sep } from 'node:path'

const WRITABLE_BY_ALL = 0o002
const WRITABLE_BY_OTHERS = 0o022
const STICKY = 0o1000
/** As many as Linux follows. */
const LINKS_MAX = 40

/** The users whose files are trusted. */
export interface PathTrust {
  /** Root is always trusted. */
  readonly owners: Iterable<number>
  /**
   * True: also trust a user to whom root has given a folder, such as `/run/plant` or `/run/user/1000`, for what is inside
   * it. Only for a path that root has named: a folder in `/tmp` is given by the user who created it first.
   */
  readonly appointed?: boolean
}

type Part = 'folder' | 'socket'

/**
 * Walks along a path, through symbolic links, and checks that no other user can replace what is at its end: the end and
 * its folder belong to a trusted user, other users may not write to the folder, and a folder further up is writable for
 * all only with the sticky bit, as `/tmp` is.
 *
 * @returns why the path cannot be trusted, or undefined
 * @throws the error of the system if a part of the path does not exist or cannot be read
 */
export function pathProblem(path: string, end: Part, trust: PathTrust): string | undefined {
  return new PathWalk(trust).along(resolve(path), end)
}

class PathWalk {
  readonly #owners: Set<number>
  readonly #appointed: boolean
  #links = 0

  constructor({ owners, appointed = false }: PathTrust) {
    this.#owners = new Set([0, ...owners])
    this.#appointed = appointed
  }

  along(path: string, end: Part): string | undefined {
    const { root } = parse(path)
    const rest = partsOf(path.slice(root.length))
    let at = root
    for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
      const next = join(at, part)
      const facts = lstatSync(next)
      const isEnd = rest.length === 0
      const isInner = isEnd || (end === 'socket' && rest.length === 1)
      const problem = this.#ownerProblem(at, next, facts, isInner)
      if (problem !== undefined) return problem
      if (facts.isSymbolicLink()) {
        if (++this.#links > LINKS_MAX) return `${path} has too many symbolic links`
        const target = readlinkSync(next)
        rest.unshift(...partsOf(target))
        at = isAbsolute(target) ? root : at
        continue
      }
      at = next
      if (isEnd && end === 'socket') return facts.isSocket() ? undefined : `${next} is not a socket`
      const wrong = this.#folderProblem(next, facts, isInner)
      if (wrong !== undefined) return wrong
    }
    return undefined
  }

  /** @param isInner the end of the path or its folder; the owners of other parts matter only to appoint a user */
  #ownerProblem(parent: string, path: string, facts: Stats, isInner: boolean): string | undefined {
    const { uid } = facts
    if (this.#owners.has(uid)) return undefined
    if (this.#appointed) {
      const above = lstatSync(parent)
      if (this.#owners.has(above.uid) && (above.mode & WRITABLE_BY_OTHERS) === 0) {
        this.#owners.add(uid)
        return undefined
      }
    }
    if (!isInner && !facts.isSymbolicLink() && !this.#appointed) return undefined
    return `${path} belongs to user ${String(uid)}, not to us`
  }

  #folderProblem(folder: string, facts: Stats, isInner: boolean): string | undefined {
    if (!facts.isDirectory()) return `${folder} is not a folder`
    const { mode, uid } = facts
    const isOpen = (mode & (isInner ? WRITABLE_BY_OTHERS : WRITABLE_BY_ALL)) !== 0
    // With the sticky bit, only the owners of a file and of the folder can replace the file.
    if (!isOpen || ((mode & STICKY) !== 0 && this.#owners.has(uid))) return undefined
    return `${folder} can be changed by other users: chmod go-w ${folder}`
  }
}

function partsOf(path: string): string[] {
  return path.split(sep).filter((part) => part !== '' && part !== '.')
}
