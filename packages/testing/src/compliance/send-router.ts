import assert from 'node:assert/strict'
import type { LinkState, LinkView, SendRouter } from '@commloop/core'
import { type Check, registerChecks } from './check.js'
import { payloadOf } from './frame-stream.js'
import { type Answer, ask, type Question } from './router-question.js'
import { linksOf, type RouterTableEntry } from './router-table.js'

/** What a node gives a router by default, `routerTimeout`. */
const ANSWER_MS_MAX = 1_000
/** Asked so often, a router that still defers will not stop. */
const DEFERRALS_MAX = 1_000
const MESSAGES_AT_ONCE = 500
const SIZES = [0, 1, 2, 3, 12, 300, 65_535]
const STATES: readonly LinkState[] = [
  'up',
  'idle',
  'dialing',
  'awaiting',
  'backoff',
  'exhausted',
  'draining',
  'closed',
]
const NONE: readonly RouterTableEntry[] = []
const ONE = [{ id: 'only' }]
const SEVERAL = [{ id: 'press' }, { id: 'furnace' }, { id: 'cell', slots: 5 }]
const OTHERS = [{ id: 'lathe' }, { id: 'mill', slots: 2 }]

/** What the suite cannot find out from the router alone. */
export interface SendRouterComplianceOptions {
  /**
   * The table of the node that the router is for, where it names links by itself. Left out: tables of no link, of
   * one and of several, to which a router has to answer as well.
   */
  readonly table?: readonly RouterTableEntry[]
  /** Messages that the router is for, asked about beside random bytes. */
  readonly payloads?: readonly Uint8Array[]
  /**
   * Where it sends what was received: `elsewhere` than to the link that it came from, default; `anywhere`, as an echo
   * that answers itself; `nothing`: it is for nodes that do not relay, and is never asked.
   */
  readonly relays?: 'elsewhere' | 'anywhere' | 'nothing'
  /** Milliseconds that it may take to answer; default 1000, a node's `routerTimeout`. */
  readonly answerMsMax?: number
}

/** What every SendRouter promises. Called once from an implementer's test; `makeRouter` makes one for each check. */
export function sendRouterCompliance(
  name: string,
  makeRouter: () => SendRouter | Promise<SendRouter>,
  options: SendRouterComplianceOptions = {},
): void {
  registerChecks(`SendRouter compliance: ${name}`, sendRouterChecks(makeRouter, options))
}

/** The checks behind `sendRouterCompliance`. */
export function sendRouterChecks(
  makeRouter: () => SendRouter | Promise<SendRouter>,
  options: SendRouterComplianceOptions = {},
): readonly Check[] {
  const { table, relays = 'elsewhere' } = options
  const rehearse = (name: string, act: (rehearsal: Rehearsal) => Promise<void>): Check => ({
    name,
    check: async () => {
      await act(new Rehearsal(await makeRouter(), options))
    },
  })
  const unless = (reason: string | false, check: Check): Check =>
    reason === false ? check : { ...check, skipped: reason }
  const relaysNothing = relays === 'nothing' && 'it is for nodes that do not relay'
  return [
    rehearse('answers for every payload, from none to 65 535 bytes', answersPayloads),
    rehearse('answers whatever state the links are in', answersStates),
    unless(
      relaysNothing,
      rehearse('answers for what was received over any link, to be relayed', answersRelayed),
    ),
    rehearse('answers however often a message was deferred', answersDeferred),
    rehearse('answers many messages that it is asked about at once', answersAtOnce),
    unless(
      table !== undefined && 'it is for one table',
      rehearse('names only links of the table as it is now', followsTable),
    ),
    unless(
      relays === 'anywhere' ? 'it is meant to answer' : relaysNothing,
      rehearse('sends nothing back to the link that it came from', spareSource),
    ),
    rehearse('leaves the bytes of a payload alone, also after it has answered', leavesPayload),
    rehearse('stops deferring while links are up', stopsDeferring),
  ]
}

/** One router, and the questions that it is asked. Links and messages are frozen: whoever changes them throws. */
class Rehearsal {
  readonly tables: readonly (readonly RouterTableEntry[])[]
  readonly payloads: readonly Uint8Array[]
  readonly #router: SendRouter
  readonly #relays: boolean
  readonly #answerMsMax: number

  constructor(router: SendRouter, options: SendRouterComplianceOptions) {
    const { table, payloads = [], relays, answerMsMax = ANSWER_MS_MAX } = options
    this.tables = table === undefined ? [NONE, ONE, SEVERAL] : [table]
    this.payloads = [...SIZES.map(payloadOf), ...payloads]
    this.#router = router
    this.#relays = relays !== 'nothing'
    this.#answerMsMax = answerMsMax
  }

  /** From where a message may have come: from here, and where it relays from each link. */
  sources(links: readonly LinkView[]): readonly Partial<Question>[] {
    return this.#relays ? [{}, ...sourcesOf(links)] : [{}]
  }

  ask(question: Question): Promise<Answer> {
    return ask(this.#router, question, this.#answerMsMax)
  }

  /** Every payload with every table, in this state. */
  async askAll(
    stateOf: (at: number) => LinkState,
    more: (links: readonly LinkView[]) => readonly Partial<Question>[] = () => [{}],
  ): Promise<void> {
    for (const table of this.tables) {
      const links = linksOf(table, stateOf)
      for (const payload of this.payloads) {
        for (const each of more(links)) await this.ask({ payload, links, ...each })
      }
    }
  }
}

const allUp = (): LinkState => 'up'
const mixed = (at: number): LinkState => STATES[at % STATES.length] ?? 'up'

async function answersPayloads(rehearsal: Rehearsal): Promise<void> {
  await rehearsal.askAll(allUp)
}

async function answersStates(rehearsal: Rehearsal): Promise<void> {
  for (const state of STATES) await rehearsal.askAll(() => state)
  for (const shift of STATES.keys()) await rehearsal.askAll((at) => mixed(at + shift))
}

function sourcesOf(links: readonly LinkView[]): readonly Partial<Question>[] {
  return links.map(({ id, epoch }) => ({ from: { link: id, epoch: Math.max(1, epoch) } }))
}

async function answersRelayed(rehearsal: Rehearsal): Promise<void> {
  await rehearsal.askAll(allUp, sourcesOf)
  await rehearsal.askAll(mixed, sourcesOf)
  // Over a connection that is gone, with its slot taken by somebody else.
  await rehearsal.askAll(mixed, (links) =>
    links.map(({ id, epoch }) => ({ from: { link: id, epoch: epoch + 7 } })),
  )
}

async function answersDeferred(rehearsal: Rehearsal): Promise<void> {
  const deferred = [1, 2, 10, 10_000].map((deferrals) => ({ deferrals }))
  await rehearsal.askAll(allUp, () => deferred)
  await rehearsal.askAll(mixed, (links) =>
    rehearsal.sources(links).flatMap((source) => deferred.map((each) => ({ ...source, ...each }))),
  )
}

async function answersAtOnce(rehearsal: Rehearsal): Promise<void> {
  for (const table of rehearsal.tables) {
    const links = linksOf(table, allUp)
    const sources = rehearsal.sources(links)
    const questions = Array.from({ length: MESSAGES_AT_ONCE }, (_, at) => ({
      payload: payloadOf(at % 40),
      links,
      ...sources[at % sources.length],
    }))
    await Promise.all(questions.map((question) => rehearsal.ask(question)))
  }
}

async function followsTable(rehearsal: Rehearsal): Promise<void> {
  for (const table of [SEVERAL, OTHERS, ONE, NONE, SEVERAL]) {
    const links = linksOf(table, allUp)
    for (const payload of rehearsal.payloads) await rehearsal.ask({ payload, links })
  }
}

async function spareSource(rehearsal: Rehearsal): Promise<void> {
  for (const table of rehearsal.tables) {
    const links = linksOf(table, allUp)
    for (const payload of rehearsal.payloads) {
      for (const { id, epoch } of links) {
        const { named } = await rehearsal.ask({ payload, links, from: { link: id, epoch } })
        assert.ok(!named.includes(id), `what came from ${id} is sent back to it`)
      }
    }
  }
}

async function leavesPayload(rehearsal: Rehearsal): Promise<void> {
  for (const table of rehearsal.tables) {
    const links = linksOf(table, allUp)
    for (const payload of rehearsal.payloads) {
      // In the middle of a larger memory, as a received payload is.
      const memory = Buffer.concat([payloadOf(9), payload, payloadOf(5)])
      const before = Buffer.from(memory)
      const view = new Uint8Array(memory.buffer, memory.byteOffset + 9, payload.length)
      await rehearsal.ask({ payload: view, links })
      await new Promise((resolve) => setImmediate(resolve))
      assert.ok(memory.equals(before), `a payload of ${String(payload.length)} bytes was changed`)
    }
  }
}

async function stopsDeferring(rehearsal: Rehearsal): Promise<void> {
  for (const table of rehearsal.tables.filter(({ length }) => length > 0)) {
    const links = linksOf(table, allUp)
    for (const payload of rehearsal.payloads) {
      for (const source of rehearsal.sources(links)) {
        let deferrals = 0
        while ((await rehearsal.ask({ payload, links, ...source, deferrals })).deferred) {
          deferrals++
          assert.ok(deferrals < DEFERRALS_MAX, `deferred ${String(deferrals)} times, all links up`)
        }
      }
    }
  }
}
