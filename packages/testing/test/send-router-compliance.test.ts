import { DirectRouter, type LinkView, type Route, type RoutedMessage } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { type Check, sendRouterChecks, sendRouterCompliance } from '../src/compliance/index.js'
import { failedChecks } from './planted-faults.js'

// Not next to the source, because core imports no other package, not even in its tests.
sendRouterCompliance('direct', () => new DirectRouter())

type Answers = (message: RoutedMessage, links: readonly LinkView[]) => Route | PromiseLike<Route>

const NO_LINK = { drop: 'no link to send it to' }

function firstOther({ from }: RoutedMessage, links: readonly LinkView[]): Route {
  return links.find(({ id }) => id !== from?.link)?.id ?? NO_LINK
}

/** Each fault, a part of the name of the check that must notice it, and a router with this fault. */
const FAULTS: readonly (readonly [string, string, () => Answers])[] = [
  [
    'assumes a first byte',
    'every payload',
    () => (message, links) => {
      const [first] = message.payload
      if (first === undefined) throw new Error('no first byte')
      return firstOther(message, links)
    },
  ],
  [
    'copies large payloads into a small memory',
    'every payload',
    () => {
      const memory = new Uint8Array(1024)
      return (message, links) => {
        memory.set(message.payload)
        return firstOther(message, links)
      }
    },
  ],
  ['assumes a first link', 'every payload', () => (_, links) => (links[0] as LinkView).id],
  [
    'returns undefined if no link is up',
    'every state',
    () => (_, links) => links.find(({ state }) => state === 'up')?.id as string,
  ],
  [
    'returns an empty list if no link is up',
    'every state',
    () => (_, links) => links.filter(({ state }) => state === 'up').map(({ id }) => id),
  ],
  [
    'looks for the address of a link that is down',
    'every state',
    () => (message, links) => {
      for (const link of links) if (link.remote?.ip === undefined) throw new Error('no address')
      return firstOther(message, links)
    },
  ],
  [
    'sorts the links in place',
    'every payload',
    () => (message, links) => {
      ;(links as LinkView[]).sort((left, right) => left.queuedBytes - right.queuedBytes)
      return firstOther(message, links)
    },
  ],
  [
    'names an entry with several links',
    'every payload',
    () => (_, links) => links.at(-1)?.entry ?? NO_LINK,
  ],
  ['names a fixed link', 'every payload', () => () => 'press'],
  ['drops without a reason', 'every payload', () => () => ({ drop: '' })],
  ['defers by an invalid duration', 'every payload', () => () => ({ defer: 'soon' })],
  [
    'pins to a connection that never existed',
    'every state',
    () => (_, links) => {
      const [link] = links
      return link === undefined ? NO_LINK : { link: link.id, epoch: link.epoch }
    },
  ],
  [
    'remembers the first table',
    'of the current table',
    () => {
      let known: readonly LinkView[] = []
      return (message, links) => {
        if (known.length === 0) known = links
        return firstOther(message, known)
      }
    },
  ],
  [
    'throws for an epoch that is over',
    'received over any link',
    () => (message, links) => {
      const { from } = message
      if (from && !links.some(({ epoch }) => epoch === from.epoch)) throw new Error('who is it?')
      return firstOther(message, links)
    },
  ],
  [
    'throws after ten deferrals',
    'deferred often',
    () => (message, links) => {
      if (message.deferrals > 10) throw new RangeError('too many')
      return firstOther(message, links)
    },
  ],
  [
    'sends everything everywhere',
    'nothing back',
    () => (_, links) => (links.length === 0 ? NO_LINK : links.map(({ id }) => id)),
  ],
  [
    'clears a byte of the payload',
    'does not change the bytes',
    () => (message, links) => {
      message.payload.fill(0, 0, 1)
      return firstOther(message, links)
    },
  ],
  [
    'uses the payload after it has answered',
    'does not change the bytes',
    () => (message, links) => {
      queueMicrotask(() => message.payload.fill(0))
      return firstOther(message, links)
    },
  ],
  ['defers for ever', 'stops deferring', () => () => ({ defer: 1 })],
  [
    'waits for a link that is up',
    'stops deferring',
    () => (message, links) => {
      const up = links.find(({ state, id }) => state === 'up' && id !== message.from?.link)
      return up?.id ?? { defer: '100ms' }
    },
  ],
  ['never settles its promise', 'every payload', () => () => new Promise(() => undefined)],
  [
    'rejects its promise',
    'every payload',
    () => () => Promise.reject(new Error('the directory is away')),
  ],
  [
    'answers one message at a time',
    'at the same time',
    () => {
      let isBusy = false
      return async (message, links) => {
        if (isBusy) throw new Error('busy')
        isBusy = true
        await Promise.resolve()
        isBusy = false
        return firstOther(message, links)
      }
    },
  ],
]

function checksOf(route: Answers): readonly Check[] {
  return sendRouterChecks(() => ({ route }), { answerMsMax: 50 })
}

describe('sendRouterChecks', () => {
  it('find no fault in a correct router, synchronous or not, and skip checks that do not apply', async () => {
    expect([...(await failedChecks(checksOf(firstOther)))]).toEqual([])
    const later = checksOf((message, links) => Promise.resolve(firstOther(message, links)))
    expect([...(await failedChecks(later))]).toEqual([])
    const options = { table: [{ id: 'press' }], relays: 'anywhere' } as const
    const fixed = sendRouterChecks(() => ({ route: () => 'press' }), options)
    expect([...(await failedChecks(fixed))]).toEqual([])
    expect(fixed.filter(({ skipped }) => skipped !== undefined)).toHaveLength(2)
    const local = sendRouterChecks(() => ({ route: ({ from }) => (from ? [] : NO_LINK) }), {
      relays: 'nothing',
    })
    expect([...(await failedChecks(local))]).toEqual([])
    expect(local.filter(({ skipped }) => skipped !== undefined)).toHaveLength(2)
  })

  it('find no fault in a router that defers while no link is up', async () => {
    const checks = checksOf((message, links) => {
      if (links.every(({ state }) => state !== 'up')) return { defer: '1s' }
      return firstOther(message, links)
    })
    expect([...(await failedChecks(checks))]).toEqual([])
  })

  it.each(FAULTS)('notice a router that %s', async (_, noticedBy, faulty) => {
    const checks = checksOf(faulty()).filter(({ name }) => name.includes(noticedBy))
    expect(checks).not.toEqual([])
    expect([...(await failedChecks(checks)).keys()]).toEqual(checks.map(({ name }) => name))
  })
})
