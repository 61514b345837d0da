import {
  type Clock,
  type Storage,
  StorageError,
  type StorageFile,
  type StorageFolder,
} from '@commloop/core'
import type { SeededRandom } from '../virtual/seeded-random.js'
import { CALM_DISK, type DiskCall, type DiskConditions } from './disk-conditions.js'
import { DiskFile, SECTOR_BYTES } from './disk-file.js'
import { DiskNames } from './disk-names.js'

const STALL_FACTOR = 20

/** A write that has begun and not ended. A crash may leave any part of it. */
interface WriteInProgress {
  readonly file: DiskFile
  readonly at: number
  readonly chunk: Uint8Array
}

/**
 * A disk in memory, with everything that a real one may do: sectors that are written or not, in any order, or half;
 * names that are lost in order; writes that are cut off; syncs that fail and lose data; no room. It runs on virtual time
 * and takes its chances from a seed, so that each failure can be repeated.
 *
 * The disk outlives the processes that use it. A storage that was claimed before `crash` or `powerOff` never calls back.
 */
export class SimulatedDisk implements Storage {
  readonly #clock: Clock
  readonly #random: SeededRandom
  readonly #names = new DiskNames()
  readonly #writes = new Set<WriteInProgress>()
  #conditions: DiskConditions
  #life = 0
  #isClaimed = false
  #calls = 0

  constructor(clock: Clock, random: SeededRandom, conditions: Partial<DiskConditions> = {}) {
    this.#clock = clock
    this.#random = random
    this.#conditions = { ...CALM_DISK, ...conditions }
  }

  /** Changes how the disk behaves. What is not given becomes calm. */
  setConditions(conditions: Partial<DiskConditions>): void {
    this.#conditions = { ...CALM_DISK, ...conditions }
  }

  /** How many calls the disk has had. */
  get calls(): number {
    return this.#calls
  }

  /** Sizes of all files together. */
  get bytes(): number {
    let bytes = 0
    for (const file of this.#names.now.values()) bytes += file.now.length
    return bytes
  }

  /** The names that a process sees, in order. */
  get names(): readonly string[] {
    return [...this.#names.now.keys()].sort()
  }

  /** What a process reads from the file with this name. */
  contentOf(name: string): Buffer | undefined {
    const file = this.#names.now.get(name)
    return file && Buffer.from(file.now)
  }

  /** Replaces or creates a file, durably, as an operator might. */
  put(name: string, content: Uint8Array): void {
    const file = new DiskFile()
    file.write(0, content)
    file.sync()
    this.#names.create(name, file)
    this.#names.sync(this.#names.changes)
  }

  /** Removes a file, durably, as an operator might. */
  lose(name: string): void {
    this.#names.remove(name)
    this.#names.sync(this.#names.changes)
  }

  /** The process ends. What it has written is there; of a write that is in progress, any part. */
  crash(): void {
    this.#endLife(({ file, at, chunk }) => {
      // The kernel often completes what the process has begun.
      const bytes = this.#random.chance(0.5) ? chunk.length : this.#random.int(chunk.length + 1)
      file.write(at, chunk.subarray(0, bytes))
    })
  }

  /** The machine ends: each sector that is not durable is there or not, or half, and names are there up to a point. */
  powerOff(): void {
    this.#endLife(({ file, at, chunk }) => {
      if (this.#random.chance(0.7)) file.write(at, chunk)
    })
    const kept = this.#random.pick([0, 0.2, 0.5, 0.8, 1])
    const files = new Set(this.#names.now.values())
    this.#names.cutPower(this.#random.int(this.#names.changes + 1))
    for (const file of this.#names.now.values()) files.add(file)
    for (const file of files) {
      file.cutPower(this.#random.chance(0.5), () => {
        if (!this.#random.chance(kept)) return 0
        const isTorn = this.#random.chance(this.#conditions.tornSectors)
        return isTorn ? this.#random.int(SECTOR_BYTES) : SECTOR_BYTES
      })
    }
  }

  /** Changes one bit of a file that `which` selects. undefined: there is no such file. */
  rot(
    which: (name: string) => boolean,
  ): { readonly name: string; readonly at: number } | undefined {
    const names = this.names.filter((name) => which(name) && this.#names.now.get(name)?.now.length)
    if (names.length === 0) return undefined
    const name = this.#random.pick(names)
    const file = this.#names.now.get(name)
    if (file === undefined) return undefined
    const at = this.#random.int(file.now.length)
    const bit = 1 << this.#random.int(8)
    for (const content of new Set([file.now, file.durable])) {
      if (at < content.length) content.writeUInt8(content.readUInt8(at) ^ bit, at)
    }
    return { name, at }
  }

  claim(claimed: (folder: StorageFolder | StorageError, names: readonly string[]) => void): void {
    this.#call('claim', '', (error) => {
      if (error !== undefined) claimed(error, [])
      else if (this.#isClaimed)
        claimed(new StorageError('locked', 'another process has the disk'), [])
      else {
        this.#isClaimed = true
        claimed(this.#folder(), this.names)
      }
    })
  }

  #endLife(interrupt: (write: WriteInProgress) => void): void {
    this.#life++
    this.#isClaimed = false
    for (const write of this.#writes) interrupt(write)
    this.#writes.clear()
  }

  /** Calls back later, if the process is still there. */
  #call(
    kind: DiskCall['kind'],
    name: string,
    done: (error: StorageError | undefined) => void,
  ): void {
    const life = this.#life
    const number = ++this.#calls
    const { delayMs, stalls, fault } = this.#conditions
    const given = fault?.({ kind, name, number })
    const factor = this.#random.chance(stalls) ? STALL_FACTOR : 1
    this.#clock.after(factor * this.#random.between(delayMs.min, delayMs.max), () => {
      if (life !== this.#life) return
      const changes = kind !== 'claim' && kind !== 'open' && kind !== 'read'
      const fails = changes && this.#random.chance(this.#conditions.fails)
      const error = given ?? (fails ? 'failed' : undefined)
      done(error && new StorageError(error, `simulated: ${kind} of ${name || 'the folder'}`))
    })
  }

  #folder(): StorageFolder {
    return {
      open: (name, how, opened) => {
        this.#call('open', name, (error) => {
          opened(error ?? this.#open(name, how))
        })
      },
      rename: (from, to, renamed) => {
        this.#call('rename', from, (error) => {
          const file = this.#names.now.get(from)
          if (error === undefined && file !== undefined) this.#names.rename(from, to, file)
          renamed(error ?? (file === undefined ? missing(from) : undefined))
        })
      },
      remove: (name, removed) => {
        this.#call('remove', name, (error) => {
          const isThere = this.#names.now.has(name)
          if (error === undefined && isThere) this.#names.remove(name)
          removed(error ?? (isThere ? undefined : missing(name)))
        })
      },
      sync: (synced) => {
        const count = this.#names.changes
        this.#call('sync folder', '', (error) => {
          if (error === undefined) this.#names.sync(count)
          synced(error)
        })
      },
      release: (released) => {
        this.#call('claim', '', () => {
          this.#isClaimed = false
          released()
        })
      },
    }
  }

  #open(name: string, how: 'read' | 'write' | 'create'): StorageFile | StorageError {
    const present = this.#names.now.get(name)
    if (how !== 'create') return present === undefined ? missing(name) : this.#file(name, present)
    if (present !== undefined) return new StorageError('failed', `simulated: ${name} exists`)
    const file = new DiskFile()
    this.#names.create(name, file)
    return this.#file(name, file)
  }

  #file(name: string, file: DiskFile): StorageFile {
    return {
      bytes: file.now.length,
      read: (at, bytes, done) => {
        this.#call('read', name, (error) => {
          done(error ?? new Uint8Array(file.now.subarray(at, at + bytes)))
        })
      },
      store: (at, chunk, done) => {
        this.#write('store', name, file, at, chunk, done)
      },
      write: (at, chunk, done) => {
        this.#write('write', name, file, at, chunk, done)
      },
      sync: (done) => {
        this.#call('sync', name, (error) => {
          if (error === undefined) file.sync()
          else file.lose(() => this.#random.chance(0.5))
          done(error)
        })
      },
      close: () => undefined,
    }
  }

  #write(
    kind: 'store' | 'write',
    name: string,
    file: DiskFile,
    at: number,
    chunk: Uint8Array,
    done: (error: StorageError | undefined) => void,
  ): void {
    const write = { file, at, chunk: new Uint8Array(chunk) }
    this.#writes.add(write)
    this.#call(kind, name, (error) => {
      this.#writes.delete(write)
      const room = this.#conditions.fullAtBytes - this.bytes + file.now.length - at
      const isFull = chunk.length > room && at + chunk.length > file.now.length
      if (error !== undefined)
        file.write(at, write.chunk.subarray(0, this.#random.int(chunk.length + 1)))
      else if (isFull) file.write(at, write.chunk.subarray(0, Math.max(0, room)))
      else file.write(at, write.chunk)
      if (error !== undefined) file.lose(() => this.#random.chance(0.5))
      else if (kind === 'store' && !isFull) file.syncRange(at, at + chunk.length)
      done(error ?? (isFull ? new StorageError('full', 'simulated: no room') : undefined))
    })
  }
}

function missing(name: string): StorageError {
  return new StorageError('missing', `simulated: there is no file ${name}`)
}
