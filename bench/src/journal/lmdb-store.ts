import { crc32 } from 'node:zlib'
import { open } from 'lmdb'
import type { Store } from './store.js'

/** lmdb, with the checksum that it does not have itself, and `safeRestore`, without which a power cut may lose records. */
export function openLmdb(folder: string, stored: (ticket: number) => void): Promise<Store> {
  const database = open<Buffer, number>({
    path: folder,
    encoding: 'binary',
    mapSize: 8 * 2 ** 30,
    // Not in the types.
    ...{ safeRestore: true },
  })
  let count = 0
  let left = 0
  let isFlushing = false
  const flush = async (): Promise<void> => {
    isFlushing = true
    for (let upTo = 0; upTo < count;) {
      upTo = count
      await database.flushed
      stored(upTo)
    }
    isFlushing = false
  }
  return Promise.resolve({
    enter: (payload: Uint8Array) => {
      const value = Buffer.allocUnsafe(4 + payload.length)
      value.writeUInt32LE(crc32(payload), 0)
      value.set(payload, 4)
      void database.put(++count, value)
      if (!isFlushing) {
        isFlushing = true
        queueMicrotask(() => void flush())
      }
      return count
    },
    leave: (ticket: number) => {
      while (left < ticket) void database.remove(++left)
    },
    close: () => database.close(),
  })
}
