import { DirectRouter, type LinkView, type Route, type RoutedMessage } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { type Check, sendRouterChecks, sendRouterCompliance } from '../src/compliance/index.js'
import { failedChecks } from './planted-faults.js'

// Here and not beside its source, because core imports no other package, not even in its tests.
sendRouterCompliance('direct', () => new DirectRouter())

type Answers = (message: RoutedMessage, links: readonly LinkView[]) => Route | PromiseLike<Route>

const NOBODY = { drop: 'nobody to send it to' }

function firstOther({ from }: RoutedMessage, links: readonly LinkView[]): Route {
  return links.find(({ id }) => id !== from?.link)?.id ?? NOBODY
}

/** Each fault, a part of the name of the check that has to notice it, and what makes a router that has it. */
const FAULTS: readonly (readonly [string, string, () => Answers])[] = [
  [
    'takes a first byte for granted',
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
  [
    'takes a first link for granted',
    'every payload',
    () => (_, links) => (links[0] as LinkView).id,
  ],
  [
    'answers nothing where nobody is up',
    'whatever state',
    () => (_, links) => links.find(({ state }) => state === 'up')?.id as string,
  ],
  [
    'answers an empty list where nobody is up',
    'whatever state',
    () => (_, links) => links.filter(({ state }) => state === 'up').map(({ id }) => id),
  ],
  [
    'looks for the address of a link that is down',
    'whatever state',
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
    () => (_, links) => links.at(-1)?.entry ?? NOBODY,
  ],
  ['names a link by heart', 'every payload', () => () => 'press'],
  ['drops without a reason', 'every payload', () => () => ({ drop: '' })],
  ['defers by no duration', 'every payload', () => () => ({ defer: 'soon' })],
  [
    'pins to a connection that was never there',
    'whatever state',
    () => (_, links) => {
      const [link] = links
      return link === undefined ? NOBODY : { link: link.id, epoch: link.epoch }
    },
  ],
  [
    'remembers the first table',
    'table as it is now',
    () => {
      let known: readonly LinkView[] = []
      return (message, links) => {
        if (known.length === 0) known = links
        return firstOther(message, known)
      }
    },
  ],
  [
    'cannot answer to an epoch that is gone',
    'received over any link',
    () => (message, links) => {
      const { from } = message
      if (from && !links.some(({ epoch }) => epoch === from.epoch)) throw new Error('who is it?')
      return firstOther(message, links)
    },
  ],
  [
    'counts deferrals on its fingers',
    'however often',
    () => (message, links) => {
      if (message.deferrals > 10) throw new RangeError('too many')
      return firstOther(message, links)
    },
  ],
  [
    'sends everything everywhere',
    'nothing back',
    () => (_, links) => (links.length === 0 ? NOBODY : links.map(({ id }) => id)),
  ],
  [
    'takes a mark out of the payload',
    'leaves the bytes',
    () => (message, links) => {
      message.payload.fill(0, 0, 1)
      return firstOther(message, links)
    },
  ],
  [
    'uses the payload after it has answered',
    'leaves the bytes',
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
    'at once',
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
  it('find nothing in a sound router, at once or later, and skip what it is not for', async () => {
    expect([...(await failedChecks(checksOf(firstOther)))]).toEqual([])
    const later = checksOf((message, links) => Promise.resolve(firstOther(message, links)))
    expect([...(await failedChecks(later))]).toEqual([])
    const options = { table: [{ id: 'press' }], relays: 'anywhere' } as const
    const fixed = sendRouterChecks(() => ({ route: () => 'press' }), options)
    expect([...(await failedChecks(fixed))]).toEqual([])
    expect(fixed.filter(({ skipped }) => skipped !== undefined)).toHaveLength(2)
    const local = sendRouterChecks(() => ({ route: ({ from }) => (from ? [] : NOBODY) }), {
      relays: 'nothing',
    })
    expect([...(await failedChecks(local))]).toEqual([])
    expect(local.filter(({ skipped }) => skipped !== undefined)).toHaveLength(2)
  })

  it('find nothing in a router that defers while nobody is up', async () => {
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
