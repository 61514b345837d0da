// node full-disk.mjs FOLDER, in a mount namespace of its own: fills the journal on a disk of 24 MiB until it is full,
// makes room, and prints what has happened as JSON.
import { execFileSync } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { SystemClock } from '@commloop/core'
import { NodeStorage, SegmentJournal } from '@commloop/journal-segments'

const [folder = ''] = process.argv.slice(2)
const MIB = 1024 * 1024
const FACTS = { id: undefined, expiresAtUtcMs: undefined }
const PAYLOAD = Buffer.alloc(10_000, 'x')

execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder])
const changes = []
const wakes = new Set()
let stored = 0
let found = []

function open() {
  const journal = new SegmentJournal(
    {
      storage: new NodeStorage(`${folder}/journal`, { keepFreeBytes: 0 }),
      clock: new SystemClock(),
      random: { next: Math.random },
      utcMs: Date.now,
      logger: { info: () => undefined },
      writer: 'test',
    },
    { segmentBytes: MIB, unstoredBytesMax: 2 * MIB },
  )
  return new Promise((resolve, reject) => {
    journal.open({
      opened: (queues) => {
        found = queues
        resolve(journal)
      },
      stored: (ticket) => {
        stored = ticket
        wake()
      },
      full: (isFull) => {
        changes.push(isFull)
        wake()
      },
      failed: reject,
    })
  })
}

function wake() {
  for (const look of [...wakes]) look()
}

function until(condition) {
  return new Promise((resolve) => {
    const look = () => {
      if (!condition()) return
      wakes.delete(look)
      resolve()
    }
    wakes.add(look)
    look()
  })
}

const journal = await open()
const queue = journal.queue('mes')
let entered = 0
while (!changes.includes(true)) {
  while (journal.refuses(1, PAYLOAD.length) === undefined) {
    queue.enter(FACTS, PAYLOAD)
    entered++
  }
  await until(() => changes.includes(true) || journal.refuses(1, PAYLOAD.length) === undefined)
}
await until(() => stored === journal.ticket)
const { bavail, bsize } = statfsSync(folder)
const freeBytes = bavail * bsize
// Everything that leaves makes room, without a byte from outside.
queue.leave(1, entered - 5)
await until(() => changes.at(-1) === false)
queue.enter(FACTS, PAYLOAD)
await until(() => stored === journal.ticket)
await new Promise((resolve) => journal.close(resolve))
const again = await open()
await new Promise((resolve) => again.close(resolve))
const numbers = found[0].messages.map(({ number }) => number - entered)
process.stdout.write(JSON.stringify({ changes: changes.slice(0, 2), entered, freeBytes, numbers }))
