export const SECTOR_BYTES = 512

/** The contents of a file: what processes see, what the disk has, and which sectors differ. */
export class DiskFile {
  now: Buffer = Buffer.alloc(0)
  durable: Buffer = Buffer.alloc(0)
  readonly #dirty = new Set<number>()

  get isDirty(): boolean {
    return this.#dirty.size > 0
  }

  write(at: number, chunk: Uint8Array): void {
    if (chunk.length === 0) return
    const end = at + chunk.length
    if (this.now.length < end) {
      this.now = Buffer.concat([this.now, Buffer.alloc(end - this.now.length)])
    }
    this.now.set(chunk, at)
    for (let sector = Math.floor(at / SECTOR_BYTES); sector * SECTOR_BYTES < end; sector++) {
      this.#dirty.add(sector)
    }
  }

  /** The sectors that this range touches become durable. */
  syncRange(at: number, end: number): void {
    this.#grow()
    for (let sector = Math.floor(at / SECTOR_BYTES); sector * SECTOR_BYTES < end; sector++) {
      this.#keep(sector, SECTOR_BYTES)
      this.#dirty.delete(sector)
    }
  }

  sync(): void {
    this.#grow()
    for (const sector of this.#dirty) this.#keep(sector, SECTOR_BYTES)
    this.#dirty.clear()
  }

  /** A sync has failed: some sectors count as written, and are not. */
  lose(isLost: () => boolean): void {
    for (const sector of [...this.#dirty]) if (isLost()) this.#dirty.delete(sector)
  }

  /** A power cut. `bytesOf` says how many bytes of each sector that is not durable have reached the disk. */
  cutPower(keepsSize: boolean, bytesOf: () => number): void {
    if (keepsSize) this.#grow()
    for (const sector of [...this.#dirty].sort((left, right) => left - right)) {
      this.#keep(sector, bytesOf())
    }
    this.#dirty.clear()
    this.now = Buffer.from(this.durable)
  }

  #grow(): void {
    const missing = this.now.length - this.durable.length
    if (missing > 0) this.durable = Buffer.concat([this.durable, Buffer.alloc(missing)])
  }

  #keep(sector: number, bytes: number): void {
    const at = sector * SECTOR_BYTES
    const end = Math.min(at + bytes, this.now.length, this.durable.length)
    if (end > at) this.now.copy(this.durable, at, at, end)
  }
}
