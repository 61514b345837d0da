import { spawn } from 'node:child_process'
import { close, constants, ftruncate, open, readFile, unlink, write } from 'node:fs'
import { hostname } from 'node:os'
import { messageText, StorageError } from '@commloop/core'

/** `O_EXLOCK` of macOS and the BSDs, which Node does not name: `open` takes the lock. */
const OPEN_EXCLUSIVE = 0x20
const HAS_OPEN_EXCLUSIVE = ['darwin', 'freebsd', 'openbsd'].includes(process.platform)
const MODE = 0o600
const NO_FLOCK =
  'the program flock is not installed, which locks the journal: install util-linux or BusyBox, or choose the lock `pid`'

/**
 * How a folder is locked. `kernel`: the lock belongs to an open file, so the kernel gives it back however the process
 * ends, and it holds across containers that share the folder. `pid`: a file with the id of the process, for systems
 * without flock; after a crash, another process with the same id keeps the folder locked, and two containers do not see
 * each other's processes.
 */
export type FolderLockKind = 'kernel' | 'pid'

/** A lock that this process holds. */
export interface FolderLock {
  release(released: () => void): void
}

type Taken = (lock: FolderLock | StorageError) => void

/** Takes the lock, or fails with `locked` immediately if another process has it. */
export function takeFolderLock(path: string, kind: FolderLockKind, taken: Taken): void {
  if (kind === 'pid') takePidLock(path, taken)
  else takeKernelLock(path, taken)
}

function takeKernelLock(path: string, taken: Taken): void {
  const exclusive = HAS_OPEN_EXCLUSIVE ? OPEN_EXCLUSIVE | constants.O_NONBLOCK : 0
  open(path, constants.O_RDWR | constants.O_CREAT | exclusive, MODE, (error, descriptor) => {
    if (error?.code === 'EAGAIN' || error?.code === 'EWOULDBLOCK') locked(path, taken)
    else if (error !== null) taken(failed(path, error))
    else if (HAS_OPEN_EXCLUSIVE) own(path, descriptor, taken)
    else lockDescriptor(path, descriptor, taken)
  })
}

/** `flock` locks the open file that it inherits. The lock stays with our descriptor when `flock` ends. */
function lockDescriptor(path: string, descriptor: number, taken: Taken): void {
  const end = (result: 'taken' | 'locked' | StorageError): void => {
    if (result === 'taken') own(path, descriptor, taken)
    else {
      close(descriptor, () => {
        if (result === 'locked') locked(path, taken)
        else taken(result)
      })
    }
  }
  const flock = spawn('flock', ['-n', '-x', '3'], {
    stdio: ['ignore', 'ignore', 'ignore', descriptor],
  })
  let hasEnded = false
  flock.once('error', (error) => {
    if (hasEnded) return
    hasEnded = true
    end(new StorageError('failed', NO_FLOCK, { cause: error }))
  })
  flock.once('exit', (code, signal) => {
    if (hasEnded) return
    hasEnded = true
    if (code === 0) end('taken')
    else if (code === 1) end('locked')
    else end(new StorageError('failed', `flock ended with ${String(code ?? signal)}`))
  })
}

/** Writes into the file who has the lock, for the message of the next process that tries. */
function own(path: string, descriptor: number, taken: Taken): void {
  const owner = Buffer.from(`${String(process.pid)} ${hostname()}\n`)
  ftruncate(descriptor, 0, (truncateError) => {
    write(descriptor, owner, 0, owner.length, 0, (writeError) => {
      const error = truncateError ?? writeError
      if (error === null) {
        taken({
          release: (released) => {
            close(descriptor, () => {
              released()
            })
          },
        })
      } else {
        close(descriptor, () => {
          taken(failed(path, error))
        })
      }
    })
  })
}

function locked(path: string, taken: Taken): void {
  readFile(path, 'utf8', (error, text) => {
    const [pid, host] = error === null ? text.trim().split(' ') : []
    const owner =
      pid !== '' && host !== undefined ? `process ${pid ?? ''} on ${host}` : 'another process'
    taken(
      new StorageError(
        'locked',
        `${owner} uses the journal (${path}): stop it, or use another folder`,
      ),
    )
  })
}

function takePidLock(path: string, taken: Taken): void {
  open(path, 'wx', MODE, (error, descriptor) => {
    if (error === null) {
      own(path, descriptor, (lock) => {
        taken(lock instanceof StorageError ? lock : withUnlink(path, lock))
      })
    } else if (error.code === 'EEXIST') takeAbandoned(path, taken)
    else taken(failed(path, error))
  })
}

/** Takes the lock of a process that does not exist any more. */
function takeAbandoned(path: string, taken: Taken): void {
  readFile(path, 'utf8', (readError, text) => {
    if (readError === null && isAlive(Number.parseInt(text, 10))) {
      locked(path, taken)
      return
    }
    unlink(path, (error) => {
      if (error === null || error.code === 'ENOENT') takePidLock(path, taken)
      else taken(failed(path, error))
    })
  })
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function withUnlink(path: string, lock: FolderLock): FolderLock {
  return {
    release: (released) => {
      unlink(path, () => {
        lock.release(released)
      })
    },
  }
}

function failed(path: string, error: NodeJS.ErrnoException): StorageError {
  const text = `the lock ${path} cannot be taken (${error.code ?? messageText(error)})`
  return new StorageError('failed', text, { cause: error })
}
