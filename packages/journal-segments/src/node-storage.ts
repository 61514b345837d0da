import { constants, fstat, lstat, mkdir, open, readdir, rename, statfs, unlink } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Storage, StorageError, type StorageFile, type StorageFolder } from '@commloop/core'
import { type FolderLock, type FolderLockKind, takeFolderLock } from './folder-lock.js'
import { NodeFile, syncFolder, systemError, WRITE_IS_DURABLE } from './node-file.js'

const LOCK_NAME = 'lock'
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600
const WRITABLE_BY_OTHERS = 0o022

/** Options of a storage in a folder of this machine. */
export interface NodeStorageOptions {
  /** Room that stays free on the disk, for the rest of the machine. 0: none. Default 256 MiB. */
  readonly keepFreeBytes?: number
  /** How the folder is locked. Default `kernel`. */
  readonly lock?: FolderLockKind
}

const KEEP_FREE_BYTES = 256 * 1024 * 1024

type Done = (error: StorageError | undefined) => void

/** A folder of this machine, for a journal. */
export class NodeStorage implements Storage {
  readonly #folder: string
  readonly #keepFreeBytes: number
  readonly #lock: FolderLockKind

  constructor(folder: string, options: NodeStorageOptions = {}) {
    this.#folder = resolve(folder)
    this.#keepFreeBytes = options.keepFreeBytes ?? KEEP_FREE_BYTES
    this.#lock = options.lock ?? 'kernel'
  }

  claim(claimed: (folder: StorageFolder | StorageError, names: readonly string[]) => void): void {
    const fail = (error: StorageError): void => {
      claimed(error, [])
    }
    makeFolder(this.#folder, (madeError) => {
      if (madeError !== undefined) {
        fail(madeError)
        return
      }
      takeFolderLock(join(this.#folder, LOCK_NAME), this.#lock, (lock) => {
        if (StorageError.is(lock)) {
          fail(lock)
          return
        }
        readdir(this.#folder, (error, names) => {
          if (error === null) {
            const files = names.filter((name) => name !== LOCK_NAME)
            claimed(new NodeFolder(this.#folder, lock, this.#keepFreeBytes), files)
          } else {
            lock.release(() => {
              fail(systemError('list', this.#folder, error))
            })
          }
        })
      })
    })
  }
}

class NodeFolder implements StorageFolder {
  readonly #path: string
  readonly #lock: FolderLock
  readonly #keepFreeBytes: number

  constructor(path: string, lock: FolderLock, keepFreeBytes: number) {
    this.#path = path
    this.#lock = lock
    this.#keepFreeBytes = keepFreeBytes
  }

  open(
    name: string,
    how: 'read' | 'write' | 'create',
    opened: (file: StorageFile | StorageError) => void,
  ): void {
    if (how !== 'create') this.#open(name, how, opened)
    else {
      this.#checkFree((error) => {
        if (error === undefined) this.#open(name, how, opened)
        else opened(error)
      })
    }
  }

  rename(from: string, to: string, renamed: Done): void {
    const path = join(this.#path, from)
    rename(path, join(this.#path, to), (error) => {
      renamed(error === null ? undefined : systemError('rename', path, error))
    })
  }

  remove(name: string, removed: Done): void {
    const path = join(this.#path, name)
    unlink(path, (error) => {
      removed(error === null ? undefined : systemError('remove', path, error))
    })
  }

  sync(synced: Done): void {
    syncNames(this.#path, synced)
  }

  release(released: () => void): void {
    this.#lock.release(released)
  }

  #open(
    name: string,
    how: 'read' | 'write' | 'create',
    opened: (file: StorageFile | StorageError) => void,
  ): void {
    const path = join(this.#path, name)
    const flags = {
      read: constants.O_RDONLY,
      write: constants.O_RDWR | WRITE_IS_DURABLE,
      create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
    }[how]
    open(path, flags, FILE_MODE, (error, descriptor) => {
      if (error !== null) {
        opened(systemError('open', path, error))
        return
      }
      fstat(descriptor, (statError, stats) => {
        const bytes = statError === null ? stats.size : 0
        const file = new NodeFile(
          descriptor,
          path,
          bytes,
          how === 'write' && WRITE_IS_DURABLE !== 0,
        )
        if (statError === null) opened(file)
        else {
          file.close()
          opened(systemError('open', path, statError))
        }
      })
    })
  }

  /** Before a file is made: the rest of the machine needs its room more than we do. */
  #checkFree(checked: Done): void {
    if (this.#keepFreeBytes === 0) {
      checked(undefined)
      return
    }
    statfs(this.#path, (error, { bavail, bsize }) => {
      if (error !== null) checked(systemError('statfs', this.#path, error))
      else if (bavail * bsize >= this.#keepFreeBytes) checked(undefined)
      else {
        const text = `the disk of ${this.#path} has only ${String(bavail * bsize)} bytes left, and ${String(this.#keepFreeBytes)} must stay free`
        checked(new StorageError('full', text))
      }
    })
  }
}

/** Makes the folder if it does not exist, durably, and checks that it belongs to this user alone. */
function makeFolder(path: string, made: Done): void {
  mkdir(path, { recursive: true, mode: FOLDER_MODE }, (error, first) => {
    if (error !== null) {
      made(systemError('mkdir', path, error))
      return
    }
    lstat(path, (statError, stats) => {
      if (statError !== null) {
        made(systemError('stat', path, statError))
        return
      }
      const problem = folderProblem(stats)
      if (problem !== undefined) made(new StorageError('failed', `${path} ${problem}`))
      else if (first === undefined) made(undefined)
      else syncUpTo(path, dirname(first), made)
    })
  })
}

function folderProblem(stats: {
  readonly uid: number
  readonly mode: number
  isDirectory(): boolean
}): string | undefined {
  if (!stats.isDirectory()) return 'must be a folder, and not a link to one'
  if (process.getuid !== undefined && stats.uid !== process.getuid()) {
    return `belongs to user ${String(stats.uid)}; it must belong to the user of this process`
  }
  if ((stats.mode & WRITABLE_BY_OTHERS) !== 0) {
    return 'is writable by other users; set its mode to 700'
  }
  return undefined
}

/** The names of folders that were made are durable when their parents are synced. */
function syncUpTo(path: string, top: string, synced: Done): void {
  if (path === top) {
    syncNames(top, synced)
    return
  }
  syncNames(path, (error) => {
    if (error === undefined) syncUpTo(dirname(path), top, synced)
    else synced(error)
  })
}

function syncNames(path: string, synced: Done): void {
  open(path, constants.O_RDONLY, (error, descriptor) => {
    if (error === null) syncFolder(path, descriptor, synced)
    else synced(systemError('open', path, error))
  })
}
