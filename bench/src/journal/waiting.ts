import { performance } from 'node:perf_hooks'
import { openJournal } from './segments-store.js'

const FACTS = { id: undefined, expiresAtUtcMs: undefined }

/** Fills a journal with messages that wait. */
export async function fill(folder: string, messages: number, bytes: number): Promise<number> {
  const startMs = performance.now()
  const payload = Buffer.alloc(bytes, 5)
  let wake: (() => void) | undefined
  let stored = 0
  const { journal } = await openJournal(folder, (ticket) => {
    stored = ticket
    wake?.()
  })
  const queue = journal.queue('bench')
  for (let entered = 0; entered < messages;) {
    if (journal.refuses(1, bytes) === undefined) {
      queue.enter(FACTS, payload)
      entered++
    } else {
      const before = stored
      await new Promise<void>((resolve) => {
        wake = resolve
        if (stored > before) resolve()
      })
    }
  }
  await new Promise<void>((resolve) => {
    journal.close(resolve)
  })
  return (performance.now() - startMs) / 1_000
}

/** How a start took what waited. */
export interface Recovery {
  readonly found: number
  readonly seconds: number
  readonly processorSeconds: number
  readonly memoryBytesPerMessage: number
}

export async function recover(folder: string): Promise<Recovery> {
  globalThis.gc?.()
  const before = memoryBytes()
  const startMs = performance.now()
  const startCpu = process.cpuUsage()
  const { found } = await openJournal(folder, () => undefined)
  const seconds = (performance.now() - startMs) / 1_000
  const { user, system } = process.cpuUsage(startCpu)
  globalThis.gc?.()
  const messages = found.reduce((count, queue) => count + queue.messages.length, 0)
  return {
    found: messages,
    seconds,
    processorSeconds: (user + system) / 1e6,
    memoryBytesPerMessage: (memoryBytes() - before) / messages,
  }
}

function memoryBytes(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
