import assert from 'node:assert/strict'
import type { LinkState, LinkView, SendRouter } from '@commloop/core'
import { type Check, registerChecks } from './check.js'
import { payloadOf } from './frame-stream.js'
import { type Answer, ask, type Question } from './router-question.js'
import { linksOf, type RouterTableEntry } from './router-table.js'

/** The default of `routerTimeout`. */
const ANSWER_MS_MAX = 1_000
/** A router that defers a message this often will not stop. */
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

/** Facts that the suite cannot get from the router. */
export interface SendRouterComplianceOptions {
  /**
   * The table of the node, if the router works only with certain links. Default: tables with no link, with one and with
   * several, all of which the router must handle.
   */
  readonly table?: readonly RouterTableEntry[]
  /** Messages that the router understands, used in addition to random bytes. */
  readonly payloads?: readonly Uint8Array[]
  /**
   * Where the router sends received messages. `elsewhere` (default): not to the link from which they came. `anywhere`:
   * also back, for example an echo. `nothing`: the node does not relay, so the router is not called for them.
   */
  readonly relays?: 'elsewhere' | 'anywhere' | 'nothing'
  /** The time limit of an answer in milliseconds; default 1,000, the default of `routerTimeout`. */
  readonly answerMsMax?: number
}

/** Registers the tests that every SendRouter must pass. `makeRouter` is called for each of them. */
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
  const relaysNothing = relays === 'nothing' && 'the router is for nodes that do not relay'
  return [
    rehearse('answers for every payload from 0 to 65,535 bytes', answersPayloads),
    rehearse('answers in every state of the links', answersStates),
    unless(
      relaysNothing,
      rehearse('answers for messages that were received over any link', answersRelayed),
    ),
    rehearse('answers for messages that were deferred often', answersDeferred),
    rehearse('answers for many messages at the same time', answersAtOnce),
    unless(
      table !== undefined && 'the router is for one table',
      rehearse('names only links of the current table', followsTable),
    ),
    unless(
      relays === 'anywhere' ? 'the router is meant to send back' : relaysNothing,
      rehearse('sends nothing back to the link from which it came', spareSource),
    ),
    rehearse('does not change the bytes of a payload, even after it has answered', leavesPayload),
    rehearse('stops deferring while links are up', stopsDeferring),
  ]
}

/** Calls one router. Links and messages are frozen, so a router that changes them throws. */
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

  /** Where a message may come from: from this node, and if it relays, from each link. */
  sources(links: readonly LinkView[]): readonly Partial<Question>[] {
    return this.#relays ? [{}, ...sourcesOf(links)] : [{}]
  }

  ask(question: Question): Promise<Answer> {
    return ask(this.#router, question, this.#answerMsMax)
  }

  /** Calls the router for every payload with every table, in this state. */
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
  // Over a connection that is closed and whose slot another peer has taken.
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
