import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StorageError, type StorageFile, type StorageFolder } from '@commloop/core'
import { NodeStorage, type NodeStorageOptions } from '@commloop/journal-segments'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'
import { describe, expect, it } from 'vitest'

removeTestFoldersAfterEach()

function claim(
  path: string,
  options: NodeStorageOptions = { keepFreeBytes: 0 },
): Promise<StorageFolder | StorageError> {
  return new Promise((resolve) => {
    new NodeStorage(path, options).claim(resolve)
  })
}

async function claimed(path: string, options?: NodeStorageOptions): Promise<StorageFolder> {
  const folder = await claim(path, options)
  if (StorageError.is(folder)) throw folder
  return folder
}

function release(folder: StorageFolder): Promise<void> {
  return new Promise((resolve) => {
    folder.release(resolve)
  })
}

function create(folder: StorageFolder, name: string): Promise<StorageFile | StorageError> {
  return new Promise((resolve) => {
    folder.open(name, 'create', resolve)
  })
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777
}

describe('the folder of a NodeStorage', () => {
  it('is made with its parents, for this user alone', async () => {
    const path = join(testFolder(), 'a', 'b')
    const folder = await claimed(path)
    expect([modeOf(join(path, '..')), modeOf(path)]).toEqual([0o700, 0o700])
    const file = await create(folder, 'x')
    if (!StorageError.is(file)) file.close()
    expect(readdirSync(path).map((name) => modeOf(join(path, name)))).toEqual([0o600, 0o600])
    await release(folder)
  })

  it('is refused if other users may write to it', async () => {
    const path = join(testFolder(), 'open')
    mkdirSync(path)
    chmodSync(path, 0o777)
    expect(await claim(path)).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('writable by other users') as string,
    })
  })

  it('is refused if it is a link or a file', async () => {
    const parent = testFolder()
    mkdirSync(join(parent, 'real'), { mode: 0o700 })
    symlinkSync(join(parent, 'real'), join(parent, 'link'))
    writeFileSync(join(parent, 'file'), '')
    expect(await claim(join(parent, 'link'))).toMatchObject({ kind: 'failed' })
    expect(await claim(join(parent, 'file'))).toMatchObject({ kind: 'failed' })
  })

  it('is full for a new file if less than the room to keep free is left', async () => {
    const folder = await claimed(join(testFolder(), 'a'), { keepFreeBytes: 2 ** 60 })
    expect(await create(folder, 'x')).toMatchObject({ kind: 'full' })
    await release(folder)
  })
})

describe('the lock of a NodeStorage', () => {
  /** A process that locks the file as another commloop would, until it is killed. */
  async function holder(path: string): Promise<ChildProcess> {
    mkdirSync(path, { mode: 0o700 })
    const script = 'exec 9>>"$1"; flock -n 9 && echo "4711 elsewhere" > "$1" && echo ready && cat'
    const child = spawn('sh', ['-c', script, 'sh', join(path, 'lock')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    return child
  }

  it('names the process that has it, and is free when that process is killed', async () => {
    const path = join(testFolder(), 'journal')
    const child = await holder(path)
    expect(await claim(path)).toMatchObject({
      kind: 'locked',
      message: expect.stringContaining('process 4711 on elsewhere uses the journal') as string,
    })
    child.kill('SIGKILL')
    child.stdin?.end()
    await once(child, 'close')
    await release(await claimed(path))
  })

  it('is not inherited by the processes that this one starts', async () => {
    const path = join(testFolder(), 'journal')
    const folder = await claimed(path)
    const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] })
    await release(folder)
    await release(await claimed(path))
    child.stdin.end()
    await once(child, 'close')
  })

  it('with a process id is taken over from a process that does not exist any more', async () => {
    const path = join(testFolder(), 'journal')
    mkdirSync(path, { mode: 0o700 })
    const gone = spawn('true')
    await once(gone, 'exit')
    writeFileSync(join(path, 'lock'), `${String(gone.pid)} here\n`)
    const options = { keepFreeBytes: 0, lock: 'pid' } as const
    const folder = await claimed(path, options)
    expect(await claim(path, options)).toMatchObject({ kind: 'locked' })
    await release(folder)
    expect(readdirSync(path)).toEqual([])
  })
})
