import assert from 'node:assert/strict'
import { CommloopError } from '@commloop/core'
import { simulateJournal } from '../journal/journal-simulation.js'
import { type Check, registerChecks } from './check.js'
import {
  enter,
  type JournalLife,
  JournalStage,
  type MakeJournal,
  numbersOf,
} from './journal-stage.js'

/** Time limit of a check: some run hundreds of lives. */
const CHECK_MS_MAX = 120_000
/** More storage calls than a short life makes. */
const CALLS_MAX = 400
const SEEDS = 8
const ROUNDS = 6
/** A full disk is full before this many bytes of messages. */
const MANY_BYTES = 64 * 1024 * 1024

/**
 * Registers the tests that every Journal over a Storage must pass. `make` returns a journal with small limits, so that
 * segments fill: at most some 100 KiB in all files.
 */
export function journalCompliance(name: string, make: MakeJournal): void {
  registerChecks(`Journal compliance: ${name}`, journalChecks(make), CHECK_MS_MAX)
}

/** The checks behind `journalCompliance`. */
export function journalChecks(make: MakeJournal): readonly Check[] {
  const checks: readonly [string, (make: MakeJournal) => void][] = [
    ['finds nothing in an empty folder', findsNothing],
    ['finds what was stored, in order, with its facts', findsStored],
    ['numbers the messages of a queue from 1, also after a restart', numbersOn],
    ['keeps one note for each queue', keepsNotes],
    ['forgets what has left, at the head and in the middle', forgetsLeft],
    ['ignores numbers that left before, or never entered', ignoresUnknown],
    ['forgets a queue, whose numbers begin again', forgetsQueues],
    ['reads payloads from a number on, up to a size', readsPayloads],
    ['reads what was found after a restart', readsFound],
    ['copies payloads and notes before the caller changes them', copies],
    ['stores everything before it is closed', storesAtClose],
    ['refuses a second process, and names the reason', refusesSecond],
    ['is full, and has room again, without anything that leaves', becomesFull],
    [
      'loses nothing that it has reported, whenever the power fails',
      (make) => {
        survivesEveryCall(make, 'power')
      },
    ],
    [
      'loses nothing that it has reported, whenever the process is killed',
      (make) => {
        survivesEveryCall(make, 'kill')
      },
    ],
    [
      'fails whenever a call of the storage fails, and reports nothing that is not stored',
      failsAtEveryCall,
    ],
    ['survives random traffic on a random disk', survivesSeeds],
  ]
  return checks.map(([name, check]) => ({
    name,
    check: () => {
      check(make)
    },
  }))
}

function findsNothing(make: MakeJournal): void {
  assert.deepEqual(new JournalStage(make).open().found, [])
}

function findsStored(make: MakeJournal): void {
  const stage = new JournalStage(make)
  const life = stage.open()
  const queue = life.journal.queue('mes')
  queue.enter({ id: 'ü', expiresAtUtcMs: 1.5 }, Buffer.from('one'))
  queue.enter({ id: '', expiresAtUtcMs: undefined }, Buffer.from(''))
  queue.enter({ id: undefined, expiresAtUtcMs: 0 }, Buffer.from('three'))
  assert.equal(life.storedTicket, 0)
  const { ticket } = life.journal
  stage.pass()
  assert.equal(life.storedTicket, ticket)
  const enteredMs = stage.clock.now()
  stage.end(life, 'power')
  const [found] = stage.open().found ?? []
  assert.ok(found !== undefined)
  const { oldestUtcMs, ...rest } = found
  assert.deepEqual(rest, {
    name: 'mes',
    next: 4,
    messages: [
      { number: 1, payloadBytes: 3, id: 'ü', expiresAtUtcMs: 1.5 },
      { number: 2, payloadBytes: 0, id: '', expiresAtUtcMs: undefined },
      { number: 3, payloadBytes: 5, id: undefined, expiresAtUtcMs: 0 },
    ],
    note: undefined,
  })
  assert.ok((oldestUtcMs ?? Infinity) < enteredMs)
}

function numbersOn(make: MakeJournal): void {
  const stage = new JournalStage(make)
  const first = stage.open()
  assert.equal(enter(first.journal.queue('a'), 'x'), 1)
  assert.equal(enter(first.journal.queue('a'), 'x'), 2)
  assert.equal(enter(first.journal.queue('b'), 'x'), 1)
  first.journal.queue('a').leave(1, 2)
  stage.close(first)
  const second = stage.open()
  assert.equal(enter(second.journal.queue('a'), 'x'), 3)
  assert.equal(enter(second.journal.queue('b'), 'x'), 2)
}

function keepsNotes(make: MakeJournal): void {
  const stage = new JournalStage(make)
  const noteOf = (life: JournalLife, name: string): Uint8Array | undefined =>
    life.found?.find((queue) => queue.name === name)?.note
  const first = stage.open()
  first.journal.queue('a').note(Buffer.from('old'))
  first.journal.queue('a').note(Buffer.from('new'))
  first.journal.queue('b').note(Buffer.from(''))
  first.journal.queue('c').note(Buffer.from('gone'))
  stage.close(first)
  const second = stage.open()
  assert.equal(Buffer.from(noteOf(second, 'a') ?? []).toString(), 'new')
  assert.equal(noteOf(second, 'b')?.length, 0)
  second.journal.queue('c').note(undefined)
  stage.close(second)
  const third = stage.open()
  assert.equal(noteOf(third, 'c'), undefined)
  assert.equal(Buffer.from(noteOf(third, 'a') ?? []).toString(), 'new')
}

function forgetsLeft(make: MakeJournal): void {
  const stage = new JournalStage(make)
  const first = stage.open()
  const queue = first.journal.queue('a')
  for (let number = 1; number <= 9; number++) enter(queue, `message ${String(number)}`)
  queue.leave(1, 2)
  queue.leave(5, 1)
  queue.leave(8, 2)
  stage.close(first)
  const second = stage.open()
  assert.deepEqual(numbersOf(second, 'a'), [3, 4, 6, 7])
  second.journal.queue('a').leave(3, 2)
  stage.close(second)
  const third = stage.open()
  assert.deepEqual(numbersOf(third, 'a'), [6, 7])
  assert.equal(enter(third.journal.queue('a'), 'x'), 10)
}

function ignoresUnknown(make: MakeJournal): void {
  const stage = new JournalStage(make)
  const first = stage.open()
  const queue = first.journal.queue('a')
  first.journal.queue('never used').leave(1, 5)
  enter(queue, 'one')
  queue.leave(2, 10)
  queue.leave(-3, 2)
  enter(queue, 'two')
  queue.leave(1, 1)
  queue.leave(1, 1)
  stage.close(first)
  assert.deepEqual(numbersOf(stage.open(), 'a'), [2])
}

function forgetsQueues(make: MakeJournal): void {
  const stage = new JournalStage(make)
  const first = stage.open()
  const queue = first.journal.queue('a')
  enter(queue, 'old')
  enter(queue, 'old')
  queue.note(Buffer.from('old'))
  stage.pass()
  queue.forget()
  stage.close(first)
  const second = stage.open()
  assert.deepEqual(second.found, [])
  assert.equal(enter(second.journal.queue('a'), 'new'), 1)
  stage.close(second)
  const third = stage.open()
  assert.deepEqual(numbersOf(third, 'a'), [1])
  assert.equal(third.found?.[0]?.note, undefined)
}

function readsPayloads(make: MakeJournal): void {
  const stage = new JournalStage(make)
  const { journal } = stage.open()
  const queue = journal.queue('a')
  for (const text of ['one', '', 'three', 'four']) enter(queue, text)
  stage.pass()
  const texts = (first: number, bytesMax: number): string[] =>
    stage.read(queue, first, bytesMax).map(({ number, payload }) => {
      return `${String(number)} ${Buffer.from(payload).toString()}`
    })
  assert.equal(texts(1, 1_000)[0], '1 one')
  assert.equal(texts(3, 1)[0], '3 three')
  assert.equal(texts(3, 1).length, 1)
  queue.leave(3, 1)
  stage.pass()
  assert.equal(texts(3, 1_000)[0], '4 four')
  assert.deepEqual(texts(5, 1_000), [])
  assert.deepEqual(stage.read(journal.queue('empty'), 1, 10), [])
}

function readsFound(make: MakeJournal): void {
  const stage = new JournalStage(make)
  const first = stage.open()
  const queue = first.journal.queue('a')
  for (let number = 1; number <= 40; number++) enter(queue, String(number).repeat(100))
  stage.close(first)
  const second = stage.open()
  const payloads = new Map<number, string>()
  for (let next = 1; next <= 40;) {
    const messages = stage.read(second.journal.queue('a'), next, 700)
    assert.ok(messages.length > 0)
    for (const { number, payload } of messages)
      payloads.set(number, Buffer.from(payload).toString())
    next = (messages.at(-1)?.number ?? next) + 1
  }
  for (let number = 1; number <= 40; number++) {
    assert.equal(payloads.get(number), String(number).repeat(100))
  }
}

function copies(make: MakeJournal): void {
  const stage = new JournalStage(make)
  const first = stage.open()
  const bytes = Buffer.from('before')
  first.journal.queue('a').enter({ id: undefined, expiresAtUtcMs: undefined }, bytes)
  first.journal.queue('a').note(bytes)
  bytes.fill('x')
  stage.pass()
  const [message] = stage.read(first.journal.queue('a'), 1, 100)
  assert.equal(Buffer.from(message?.payload ?? []).toString(), 'before')
  stage.close(first)
  assert.equal(Buffer.from(stage.open().found?.[0]?.note ?? []).toString(), 'before')
}

function storesAtClose(make: MakeJournal): void {
  const stage = new JournalStage(make)
  const life = stage.open()
  for (let number = 1; number <= 20; number++) enter(life.journal.queue('a'), 'x'.repeat(500))
  stage.close(life)
  stage.disk.powerOff()
  assert.equal(numbersOf(stage.open(), 'a')?.length, 20)
}

function refusesSecond(make: MakeJournal): void {
  const stage = new JournalStage(make)
  const first = stage.open()
  const second = stage.begin()
  stage.pass()
  assert.equal(codeOf(second.failed), 'CML_ERR_JOURNAL_LOCKED')
  stage.close(second)
  stage.close(first)
  stage.open()
}

function becomesFull(make: MakeJournal): void {
  const stage = new JournalStage(make)
  const life = stage.open()
  const queue = life.journal.queue('a')
  stage.disk.setConditions({ fullAtBytes: stage.disk.bytes })
  let bytes = 0
  while (life.journal.refuses(1, 500) !== 'full') {
    assert.ok(bytes < MANY_BYTES, 'the journal does not become full')
    if (life.journal.refuses(1, 500) === undefined) enter(queue, 'x'.repeat(500))
    bytes += 500
    stage.pass(20)
  }
  assert.throws(() => enter(queue, 'x'), { code: 'CML_ERR_JOURNAL_FULL' })
  assert.deepEqual(life.full, [true])
  assert.equal(life.storedTicket, life.journal.ticket, 'what was accepted must find room')
  queue.note(Buffer.from('notes go on'))
  stage.pass()
  assert.equal(life.storedTicket, life.journal.ticket)
  stage.disk.setConditions({})
  stage.pass()
  assert.deepEqual(life.full, [true, false])
  enter(queue, 'room')
  stage.pass()
  assert.equal(life.storedTicket, life.journal.ticket)
}

/** What must hold after each crash, given what was reported as stored. */
function judge(life: JournalLife, storedRounds: number): void {
  const a = numbersOf(life, 'a') ?? []
  const b = numbersOf(life, 'b') ?? []
  const moved = numbersOf(life, 'moved') ?? []
  const rounds = b.length
  assert.ok(
    rounds >= storedRounds,
    `${String(rounds)} of ${String(storedRounds)} rounds were found`,
  )
  assert.equal(moved.length, Math.max(0, rounds - 2), 'a message is in two queues, or in none')
  const left = Math.max(0, rounds - 2)
  assert.deepEqual(
    a,
    Array.from({ length: rounds - left }, (_, at) => left + at + 1),
  )
}

function survivesEveryCall(make: MakeJournal, how: 'kill' | 'power'): void {
  for (let call = 1; call <= CALLS_MAX; call++) {
    const stage = new JournalStage(make, `${how} ${String(call)}`, { tornSectors: 0.3 })
    const isDue = (): boolean => stage.disk.calls >= call
    const step = (): boolean => !isDue() && stage.clock.runNext()
    const life = stage.begin()
    const tickets: number[] = []
    while (life.found === undefined && step());
    for (let round = 1; round <= ROUNDS && life.found !== undefined && !isDue(); round++) {
      playRound(life, round)
      tickets.push(life.journal.ticket)
      for (let left = 4; left > 0 && step(); left--);
    }
    const wasDue = isDue()
    const stored = tickets.filter((ticket) => ticket <= life.storedTicket).length
    stage.end(life, how)
    judge(stage.open(), stored)
    if (!wasDue) return
  }
  assert.fail('the journal makes more calls than this suite expects')
}

/** One callback of a short life: copies for two queues, and a message that moves from one queue to another. */
function playRound({ journal }: JournalLife, round: number): void {
  enter(journal.queue('a'), `${String(round)} for two`.padEnd(900, '.'))
  enter(journal.queue('b'), `${String(round)} for two`)
  if (round <= 2) return
  journal.queue('a').leave(round - 2, 1)
  enter(journal.queue('moved'), `from ${String(round - 2)}`)
}

function failsAtEveryCall(make: MakeJournal): void {
  for (let call = 1; call <= CALLS_MAX; call++) {
    const fault = ({ number }: { readonly number: number }): 'failed' | undefined =>
      number === call ? 'failed' : undefined
    const stage = new JournalStage(make, call, { fault })
    const life = stage.begin()
    stage.pass(30)
    const tickets: number[] = []
    for (let round = 1; round <= ROUNDS && mayGive(life); round++) {
      playRound(life, round)
      tickets.push(life.journal.ticket)
      stage.pass(3)
    }
    stage.pass()
    const stored = tickets.filter((ticket) => ticket <= life.storedTicket).length
    if (life.failed !== undefined && life.found !== undefined) {
      assert.equal(life.journal.refuses(1, 1), 'failed')
      assert.throws(() => enter(life.journal.queue('a'), 'x'))
    }
    const hasFailed = life.failed !== undefined
    stage.close(life)
    stage.disk.setConditions({})
    judge(stage.open(), stored)
    if (!hasFailed && stage.disk.calls < call) return
  }
  assert.fail('the journal makes more calls than this suite expects')
}

function mayGive(life: JournalLife): boolean {
  return life.found !== undefined && life.failed === undefined
}

function survivesSeeds(make: MakeJournal): void {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violation } = simulateJournal({ seed, make })
    assert.equal(violation, undefined, `seed ${String(seed)}`)
  }
}

function codeOf(error: unknown): string | undefined {
  return CommloopError.is(error) ? error.code : undefined
}
