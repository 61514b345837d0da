// node appender.mjs FOLDER [KEEP_FREE_BYTES]: opens the journal in a folder, says what it has found, then gives messages
// to it and lets them leave until it is killed. One line on stdout for each fact:
//
//   found {"queue":[first,last,count],…}   damaged NUMBER   stored QUEUE NUMBER   left QUEUE NUMBER   full true   failed TEXT
//
// Each callback gives a message to both `left` and `right`, which must never differ.
import { writeSync } from 'node:fs'
import { setImmediate } from 'node:timers'
import { SystemClock } from '@commloop/core'
import { NodeStorage, SegmentJournal } from '@commloop/journal-segments'

const [folder = '', keepFreeBytes = '0'] = process.argv.slice(2)
const PAIR = ['left', 'right']
/** So many messages of each queue wait, at least. */
const KEPT = 300
const FACTS = { id: undefined, expiresAtUtcMs: undefined }

const journal = new SegmentJournal(
  {
    storage: new NodeStorage(folder, { keepFreeBytes: Number(keepFreeBytes) }),
    clock: new SystemClock(),
    random: { next: Math.random },
    utcMs: Date.now,
    logger: { info: (_, text) => say(`log ${text}`) },
    writer: 'test',
  },
  { segmentBytes: 1024 * 1024, unstoredBytesMax: 1024 * 1024 },
)
const waiting = []
const firsts = new Map()
const nexts = new Map()
let lines = ''

journal.open({
  opened: (found) => void begin(found),
  stored: (ticket) => {
    while (waiting.length > 0 && waiting[0].ticket <= ticket) {
      const { name, number } = waiting.shift()
      say(`stored ${name} ${String(number)}`)
    }
    flush()
  },
  full: (isFull) => sayNow(`full ${String(isFull)}`),
  failed: (error) => {
    sayNow(`failed ${error.code} ${error.message}`)
    process.exit(3)
  },
})

async function begin(found) {
  const ranges = {}
  let damaged = 0
  for (const { name, messages, next } of found) {
    nexts.set(name, next)
    const numbers = messages.map(({ number }) => number)
    ranges[name] = [numbers[0] ?? 0, numbers.at(-1) ?? 0, numbers.length]
    if (numbers.length > 0) firsts.set(name, numbers[0])
    for (let at = 0; at < numbers.length;) {
      const payloads = await read(name, numbers[at])
      for (const { number, payload } of payloads) {
        if (Buffer.compare(payload, payloadOf(name, number)) !== 0) damaged++
      }
      at += payloads.length
    }
  }
  say(`damaged ${String(damaged)}`)
  sayNow(`found ${JSON.stringify(ranges)}`)
  give()
}

function read(name, first) {
  return new Promise((resolve, reject) => {
    journal.queue(name).read(first, 256 * 1024, (payloads) => {
      if (payloads instanceof Error) reject(payloads)
      else resolve(payloads)
    })
  })
}

function give() {
  for (let count = 1 + Math.floor(Math.random() * 4); count > 0; count--) {
    if (journal.refuses(3, 6_000) !== undefined) break
    for (const name of PAIR) enter(name)
    if (Math.random() < 0.5) enter('other')
  }
  setImmediate(give)
}

function enter(name) {
  const queue = journal.queue(name)
  const number = queue.enter(FACTS, payloadOf(name, nexts.get(name) ?? 1))
  nexts.set(name, number + 1)
  waiting.push({ ticket: journal.ticket, name, number })
  const first = firsts.get(name) ?? number
  firsts.set(name, first)
  if (number - first < 2 * KEPT) return
  // Said before it is done: a crash in between may bring it back, but must not take more.
  sayNow(`left ${name} ${String(first + KEPT - 1)}`)
  queue.leave(first, KEPT)
  firsts.set(name, first + KEPT)
}

/** The payload of a message, by its number: a start can check what it reads. */
function payloadOf(name, number) {
  const bytes = 40 + ((name.length * 7919 + number * 104_729) % 1_900)
  return Buffer.alloc(bytes, `${name} ${String(number)} `)
}

function say(line) {
  lines += `${line}\n`
}

function sayNow(line) {
  say(line)
  flush()
}

function flush() {
  const bytes = Buffer.from(lines)
  lines = ''
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at)
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
}
