import { constants, mkdirSync, openSync, write, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Store } from './store.js'

const FILE_BYTES = 64 * 1024 * 1024

/** The least that a durable store must do: one write at a time, durable when it returns, into a file that has its blocks. */
export function openRaw(folder: string, stored: (ticket: number) => void): Promise<Store> {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'raw')
  writeSync(openSync(path, 'w'), Buffer.alloc(FILE_BYTES))
  const descriptor = openSync(path, constants.O_RDWR | constants.O_DSYNC)
  let waiting: Uint8Array[] = []
  let count = 0
  let at = 0
  let isWriting = false
  const next = (): void => {
    const upTo = count
    const chunk = Buffer.concat(waiting)
    waiting = []
    if (at + chunk.length > FILE_BYTES) at = 0
    write(descriptor, chunk, 0, chunk.length, at, (error) => {
      if (error !== null) throw error
      at += chunk.length
      stored(upTo)
      isWriting = waiting.length > 0
      if (isWriting) next()
    })
  }
  return Promise.resolve({
    enter: (payload: Uint8Array) => {
      waiting.push(payload)
      if (!isWriting) {
        isWriting = true
        process.nextTick(next)
      }
      return ++count
    },
    leave: () => undefined,
    close: () => Promise.resolve(),
  })
}
