import assert from 'node:assert/strict'
import { type Storage, StorageError, type StorageFile, type StorageFolder } from '@commloop/core'
import { type Check, registerChecks } from './check.js'

/** A storage, and what the suite needs to know about it. */
export interface StorageUnderTest {
  readonly storage: Storage
  /** Another process that wants the same folder. */
  readonly other: Storage
  /** Lets virtual time pass. Absent: the storage runs on real time. */
  readonly pass?: () => void
  /** The machine loses power, and starts again. Absent: the suite skips what needs it. */
  readonly powerOff?: () => void
  /** Removes the folder. */
  readonly remove?: () => void | Promise<void>
}

/** Registers the tests that every Storage must pass. `make` returns a storage whose folder does not exist yet. */
export function storageCompliance(
  name: string,
  make: () => StorageUnderTest | Promise<StorageUnderTest>,
  { canCutPower = false }: { readonly canCutPower?: boolean } = {},
): void {
  registerChecks(`Storage compliance: ${name}`, storageChecks(make, canCutPower))
}

type Use = (disk: Disk) => Promise<void>

const CHECKS: Readonly<Record<string, Use>> = {
  'creates the folder, which is empty at first': async (disk) => {
    assert.deepEqual((await disk.claim()).names, [])
  },
  'lists its files when it is claimed': async (disk) => {
    const { folder } = await disk.claim()
    await disk.put(folder, 'a', 'x')
    await disk.put(folder, 'b', 'y')
    await disk.release(folder)
    assert.deepEqual([...(await disk.claim()).names].sort(), ['a', 'b'])
  },
  'gives the folder to one process, and to the next one after its release': async (disk) => {
    const { folder } = await disk.claim()
    const refused = await disk.call<StorageFolder | StorageError>((done) => {
      disk.under.other.claim(done)
    })
    assert.equal(kindOf(refused), 'locked')
    await disk.release(folder)
    const other = await disk.call<StorageFolder | StorageError>((done) => {
      disk.under.other.claim(done)
    })
    assert.equal(kindOf(other), undefined)
    await disk.release(other as StorageFolder)
  },
  'opens files that exist, and creates files that do not': async (disk) => {
    const { folder } = await disk.claim()
    assert.equal(kindOf(await disk.open(folder, 'a', 'read')), 'missing')
    assert.equal(kindOf(await disk.open(folder, 'a', 'write')), 'missing')
    await disk.put(folder, 'a', 'x')
    assert.equal(kindOf(await disk.open(folder, 'a', 'create')), 'failed')
  },
  'reads what was stored, and less only at the end of the file': async (disk) => {
    const { folder } = await disk.claim()
    await disk.put(folder, 'a', 'abcdef')
    const file = await disk.file(folder, 'a', 'read')
    assert.equal(file.bytes, 6)
    assert.equal(await disk.read(file, 0, 6), 'abcdef')
    assert.equal(await disk.read(file, 2, 3), 'cde')
    assert.equal(await disk.read(file, 4, 100), 'ef')
    assert.equal(await disk.read(file, 50, 5), '')
    file.close()
  },
  'fills a gap with zeros': async (disk) => {
    const { folder } = await disk.claim()
    await disk.put(folder, 'a', 'x')
    const file = await disk.file(folder, 'a', 'write')
    await disk.done((done) => {
      file.store(1_000, Buffer.from('y'), done)
    })
    assert.equal(await disk.read(file, 0, 3), 'x\0\0')
    assert.equal(await disk.read(file, 999, 5), '\0y')
    file.close()
  },
  'changes only the bytes that are written': async (disk) => {
    const { folder } = await disk.claim()
    await disk.put(folder, 'a', 'abcdef')
    const file = await disk.file(folder, 'a', 'write')
    await disk.done((done) => {
      file.write(2, Buffer.from('XY'), done)
    })
    await disk.done((done) => {
      file.sync(done)
    })
    assert.equal(await disk.read(file, 0, 10), 'abXYef')
    file.close()
  },
  'gives the chunks that it has read to the caller': async (disk) => {
    const { folder } = await disk.claim()
    await disk.put(folder, 'a', 'abc')
    const file = await disk.file(folder, 'a', 'read')
    const chunk = await disk.call<Uint8Array | StorageError>((done) => {
      file.read(0, 3, done)
    })
    assert.ok(chunk instanceof Uint8Array)
    chunk.fill(0)
    assert.equal(await disk.read(file, 0, 3), 'abc')
    file.close()
  },
  'renames a file over another one, and keeps open files usable': async (disk) => {
    const { folder } = await disk.claim()
    await disk.put(folder, 'a', 'first')
    await disk.put(folder, 'b', 'second')
    const file = await disk.file(folder, 'a', 'read')
    await disk.done((done) => {
      folder.rename('a', 'b', done)
    })
    assert.equal(await disk.read(file, 0, 10), 'first')
    file.close()
    assert.equal(kindOf(await disk.open(folder, 'a', 'read')), 'missing')
    const renamed = await disk.file(folder, 'b', 'read')
    assert.equal(await disk.read(renamed, 0, 10), 'first')
    renamed.close()
  },
  'removes a file': async (disk) => {
    const { folder } = await disk.claim()
    await disk.put(folder, 'a', 'x')
    await disk.done((done) => {
      folder.remove('a', done)
    })
    assert.equal(kindOf(await disk.open(folder, 'a', 'read')), 'missing')
    const missing = await disk.call<StorageError | undefined>((done) => {
      folder.remove('a', done)
    })
    assert.equal(missing?.kind, 'missing')
  },
}

const POWER_CHECKS: Readonly<Record<string, Use>> = {
  'keeps what was stored, and names after a sync of the folder': async (disk) => {
    const { folder } = await disk.claim()
    await disk.put(folder, 'a', 'abc')
    await disk.done((done) => {
      folder.rename('a', 'b', done)
    })
    await disk.done((done) => {
      folder.sync(done)
    })
    disk.under.powerOff?.()
    const again = await disk.claim()
    assert.deepEqual(again.names, ['b'])
    const file = await disk.file(again.folder, 'b', 'read')
    assert.equal(await disk.read(file, 0, 10), 'abc')
    file.close()
  },
  'keeps what was written before a sync of the file': async (disk) => {
    const { folder } = await disk.claim()
    await disk.put(folder, 'a', 'abc')
    await disk.done((done) => {
      folder.sync(done)
    })
    const file = await disk.file(folder, 'a', 'write')
    await disk.done((done) => {
      file.write(3, Buffer.alloc(2_000, 'z'), done)
    })
    await disk.done((done) => {
      file.sync(done)
    })
    disk.under.powerOff?.()
    const again = await disk.file((await disk.claim()).folder, 'a', 'read')
    assert.equal(await disk.read(again, 0, 5_000), `abc${'z'.repeat(2_000)}`)
    again.close()
  },
}

/** The checks behind `storageCompliance`. */
export function storageChecks(
  make: () => StorageUnderTest | Promise<StorageUnderTest>,
  canCutPower: boolean,
): readonly Check[] {
  const check = (use: Use) => async (): Promise<void> => {
    const under = await make()
    const disk = new Disk(under)
    try {
      await use(disk)
    } finally {
      await disk.releaseAll()
      await under.remove?.()
    }
  }
  const skipped = canCutPower ? {} : { skipped: 'the storage cannot lose power in a test' }
  return [
    ...Object.entries(CHECKS).map(([name, use]) => ({ name, check: check(use) })),
    ...Object.entries(POWER_CHECKS).map(([name, use]) => ({ name, check: check(use), ...skipped })),
  ]
}

/** The callbacks of a storage as promises. Every call also checks that nothing is called back before it returns. */
class Disk {
  readonly under: StorageUnderTest
  readonly #claimed = new Set<StorageFolder>()

  constructor(under: StorageUnderTest) {
    this.under = under
  }

  async call<Result>(start: (done: (result: Result) => void) => void): Promise<Result> {
    let hasReturned = false
    let calls = 0
    const result = new Promise<Result>((resolve, reject) => {
      start((value) => {
        calls++
        if (hasReturned) resolve(value)
        else reject(new Error('the storage has called back before the call returned'))
      })
    })
    hasReturned = true
    this.under.pass?.()
    const value = await result
    assert.equal(calls, 1)
    return value
  }

  async done(start: (done: (error: StorageError | undefined) => void) => void): Promise<void> {
    assert.equal(await this.call(start), undefined)
  }

  async claim(): Promise<{ folder: StorageFolder; names: readonly string[] }> {
    let names: readonly string[] = []
    const folder = await this.call<StorageFolder | StorageError>((done) => {
      this.under.storage.claim((result, found) => {
        names = found
        done(result)
      })
    })
    if (StorageError.is(folder)) throw folder
    this.#claimed.add(folder)
    return { folder, names }
  }

  async release(folder: StorageFolder): Promise<void> {
    this.#claimed.delete(folder)
    await this.call<undefined>((done) => {
      folder.release(() => {
        done(undefined)
      })
    })
  }

  async releaseAll(): Promise<void> {
    if (this.under.powerOff !== undefined) return
    for (const folder of [...this.#claimed]) await this.release(folder)
  }

  open(
    folder: StorageFolder,
    name: string,
    how: 'read' | 'write' | 'create',
  ): Promise<StorageFile | StorageError> {
    return this.call((done) => {
      folder.open(name, how, done)
    })
  }

  async file(
    folder: StorageFolder,
    name: string,
    how: 'read' | 'write' | 'create',
  ): Promise<StorageFile> {
    const file = await this.open(folder, name, how)
    if (StorageError.is(file)) throw file
    return file
  }

  async put(folder: StorageFolder, name: string, text: string): Promise<void> {
    const file = await this.file(folder, name, 'create')
    await this.done((done) => {
      file.store(0, Buffer.from(text), done)
    })
    file.close()
  }

  async read(file: StorageFile, at: number, bytes: number): Promise<string> {
    const chunk = await this.call<Uint8Array | StorageError>((done) => {
      file.read(at, bytes, done)
    })
    if (StorageError.is(chunk)) throw chunk
    return Buffer.from(chunk).toString()
  }
}

function kindOf(result: unknown): string | undefined {
  return StorageError.is(result) ? result.kind : undefined
}
