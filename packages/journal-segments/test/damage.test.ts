import { crc32 } from 'node:zlib'
import type { FoundQueue } from '@commloop/core'
import { SegmentJournal } from '@commloop/journal-segments'
import { ManualClock, SeededRandom, SimulatedDisk } from '@commloop/testing'
import { describe, expect, it } from 'vitest'

const LIMITS = { segmentBytes: 4096, unstoredBytesMax: 4096, batchBytesMax: 1024 }

interface Opened {
  readonly journal: SegmentJournal
  readonly clock: ManualClock
  readonly found: readonly FoundQueue[] | undefined
  readonly error: (Error & { readonly code?: string; readonly details?: unknown }) | undefined
  readonly logged: readonly string[]
}

function open(disk: SimulatedDisk, clock: ManualClock): Opened {
  const logged: string[] = []
  const logger = {
    info: (_: unknown, text: string) => {
      logged.push(text)
    },
  }
  const random = new SeededRandom(7)
  const surroundings = { storage: disk, clock, random, utcMs: () => 1_000, logger, writer: 'test' }
  const journal = new SegmentJournal(surroundings, LIMITS)
  let found: readonly FoundQueue[] | undefined
  let error: Error | undefined
  const ignore = (): void => undefined
  journal.open({
    opened: (queues) => {
      found = queues
    },
    stored: ignore,
    full: ignore,
    failed: (reason) => {
      error = reason
    },
  })
  clock.advance(10_000)
  return { journal, clock, found, error, logged }
}

/** A journal of three segments, that was closed: every batch is proven by a later one. */
function files(): ReadonlyMap<string, Buffer> {
  const clock = new ManualClock()
  const disk = new SimulatedDisk(clock, new SeededRandom(1))
  const { journal } = open(disk, clock)
  const [a, b] = [journal.queue('a'), journal.queue('b')]
  for (let round = 1; round <= 9; round++) {
    a.enter({ id: `id ${String(round)}`, expiresAtUtcMs: undefined }, Buffer.alloc(500, round))
    b.enter({ id: undefined, expiresAtUtcMs: 5 }, Buffer.alloc(50, round))
    if (round > 3) b.leave(round - 2, 1)
    a.note(Buffer.from(`note ${String(round)}`))
    clock.advance(100)
  }
  journal.close(() => undefined)
  clock.advance(10_000)
  const names = disk.names.filter((name) => name.endsWith('.seg'))
  return new Map(names.map((name) => [name, disk.contentOf(name) ?? Buffer.alloc(0)]))
}

const FILES = files()
const NAMES = [...FILES.keys()]

function diskWith(contents: ReadonlyMap<string, Buffer>): {
  disk: SimulatedDisk
  clock: ManualClock
} {
  const clock = new ManualClock()
  const disk = new SimulatedDisk(clock, new SeededRandom(1))
  for (const [name, content] of contents) disk.put(name, content)
  return { disk, clock }
}

function openWith(contents: ReadonlyMap<string, Buffer>): Opened {
  const { disk, clock } = diskWith(contents)
  return open(disk, clock)
}

const WHOLE = openWith(FILES).found

/** @returns whether the start was refused; a start that is not refused must find everything */
function judge(contents: ReadonlyMap<string, Buffer>, what: string): boolean {
  const { found, error } = openWith(contents)
  if (error === undefined) {
    expect(found, what).toEqual(WHOLE)
    return false
  }
  expect(['CML_ERR_JOURNAL_CORRUPT', 'CML_ERR_JOURNAL_VERSION'], what).toContain(error.code)
  expect(found, what).toBeUndefined()
  return true
}

describe('a damaged journal', () => {
  it('is whole in this test before it is damaged', () => {
    expect(NAMES.length).toBeGreaterThan(2)
    expect(WHOLE?.map(({ name, messages }) => [name, messages.length])).toEqual([
      ['a', 9],
      ['b', 3],
    ])
  })

  it.each(NAMES)('refuses to start, or has lost nothing, if a byte of %s changes', (name) => {
    const original = FILES.get(name) ?? Buffer.alloc(0)
    let refused = 0
    for (let at = 0; at < original.length; at++) {
      const content = Buffer.from(original)
      content.writeUInt8(content.readUInt8(at) ^ (1 << (at % 8)), at)
      if (judge(new Map([...FILES, [name, content]]), `${name}, byte ${String(at)}`)) refused++
    }
    // Head and first batch at least: the rest of the last segment may never have been used.
    expect(refused).toBeGreaterThanOrEqual(1024)
  })

  it.each(NAMES)('refuses to start if the end of %s is missing', (name) => {
    const original = FILES.get(name) ?? Buffer.alloc(0)
    for (let bytes = 0; bytes < original.length; bytes += 16) {
      const content = original.subarray(0, bytes)
      const isRefused = judge(
        new Map([...FILES, [name, content]]),
        `${name}, ${String(bytes)} bytes`,
      )
      expect(isRefused, String(bytes)).toBe(true)
    }
  })

  it.each(NAMES.slice(0, -1))('refuses to start if %s is missing', (name) => {
    const contents = new Map(FILES)
    contents.delete(name)
    const { error } = openWith(contents)
    expect(error?.code).toBe('CML_ERR_JOURNAL_CORRUPT')
    expect(error?.message).toContain(name)
  })

  it('refuses a segment of another journal, or under another name', () => {
    const [first = '', second = ''] = NAMES
    const swapped = new Map([...FILES, [first, FILES.get(second) ?? Buffer.alloc(0)]])
    expect(openWith(swapped).error?.message).toContain('under another name')
  })

  it('says where the damage is, and how it is known', () => {
    const [name = ''] = NAMES
    const content = Buffer.from(FILES.get(name) ?? '')
    content.writeUInt8(content.readUInt8(1100) ^ 1, 1100)
    const { error } = openWith(new Map([...FILES, [name, content]]))
    expect(error?.message).toMatch(/^journal: 0000000001\.seg is damaged at byte 1024: its batches/)
    expect(error?.details).toEqual({ path: name, offset: 1024 })
  })

  it('keeps every file as it was', () => {
    const [name = ''] = NAMES
    const content = Buffer.from(FILES.get(name) ?? '')
    content.writeUInt8(content.readUInt8(1100) ^ 1, 1100)
    const { disk, clock } = diskWith(new Map([...FILES, [name, content]]))
    open(disk, clock)
    expect(disk.names).toEqual(NAMES)
    for (const [file, before] of FILES) {
      expect(disk.contentOf(file)?.equals(file === name ? content : before)).toBe(true)
    }
  })

  it('names the version that can read a newer format', () => {
    const last = NAMES.at(-1) ?? ''
    const content = Buffer.from(FILES.get(last) ?? '')
    content.writeUInt16LE(2, 4)
    content.writeUInt32LE(crc32(content.subarray(0, 508)), 508)
    const { error } = openWith(new Map([...FILES, [last, content]]))
    expect(error?.code).toBe('CML_ERR_JOURNAL_VERSION')
    expect(error?.message).toContain('format 2, which test has written')
  })

  it('cuts a write that a crash has interrupted, and says so', () => {
    const last = NAMES.at(-1) ?? ''
    const content = Buffer.from(FILES.get(last) ?? '')
    // The last batch is the proof of the one before it. What is missing of it was never reported as stored.
    const proof = content.lastIndexOf('CMLB')
    content.fill(0, proof + 32, proof + 512)
    content.writeUInt8(1, proof + 40)
    const { found, error, logged } = openWith(new Map([...FILES, [last, content]]))
    expect(error).toBeUndefined()
    expect(found).toEqual(WHOLE)
    expect(logged).toEqual([expect.stringContaining('not complete')])
  })
})
