import type { DiskFile } from './disk-file.js'

type NameChange = (names: Map<string, DiskFile>) => void

/** The names in a folder: those that processes see, and those that the disk has. Changes reach the disk in their order. */
export class DiskNames {
  readonly now = new Map<string, DiskFile>()
  #durable = new Map<string, DiskFile>()
  readonly #changes: NameChange[] = []

  create(name: string, file: DiskFile): void {
    this.#change((names) => {
      names.set(name, file)
    })
  }

  rename(from: string, to: string, file: DiskFile): void {
    this.#change((names) => {
      names.delete(from)
      names.set(to, file)
    })
  }

  remove(name: string): void {
    this.#change((names) => {
      names.delete(name)
    })
  }

  get changes(): number {
    return this.#changes.length
  }

  /** The first `count` changes become durable. */
  sync(count: number): void {
    for (const change of this.#changes.splice(0, count)) change(this.#durable)
  }

  /** A power cut: the first `count` changes have reached the disk, and the others are lost. */
  cutPower(count: number): void {
    this.sync(count)
    this.#changes.length = 0
    this.now.clear()
    for (const [name, file] of this.#durable) this.now.set(name, file)
  }

  #change(change: NameChange): void {
    change(this.now)
    this.#changes.push(change)
  }
}
