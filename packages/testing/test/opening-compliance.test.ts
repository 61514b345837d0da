import type { LinkOpening, OpeningDoor, OpeningSession } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { openingChecks, type OpeningComplianceOptions } from '../src/compliance/index.js'
import { failedChecks } from './planted-faults.js'

/** A peer that answers `hello` with `user?`, and `me` with `welcome`. */
const options: OpeningComplianceOptions = {
  peer: () => ({
    answers: (payload) => {
      const text = Buffer.from(payload).toString()
      if (text === 'hello') return [Buffer.from('user?')]
      return text === 'me' ? [Buffer.from('welcome')] : []
    },
  }),
}

interface Habits {
  readonly received?: (text: string, door: OpeningDoor, payload: Uint8Array) => unknown
  readonly begin?: (door: OpeningDoor) => void
  readonly session?: Partial<OpeningSession>
}

function said(door: OpeningDoor, text: string): void {
  door.send(Buffer.from(text))
}

/** What a correct session does with a payload. */
function right(text: string, door: OpeningDoor): boolean {
  if (text === 'user?') said(door, 'me')
  else if (text === 'welcome') door.open()
  else return false
  return true
}

function openingWith({ begin, received = right, session }: Habits): LinkOpening {
  return {
    begin: (_peer, door) => {
      ;(
        begin ??
        ((own) => {
          said(own, 'hello')
        })
      )(door)
      return {
        received: (payload) => received(Buffer.from(payload).toString(), door, payload) as boolean,
        ...session,
      }
    },
  }
}

function shared(): Habits {
  let step = 0
  return {
    received: (text, door) => {
      if (text === 'user?' && step++ === 0) said(door, 'me')
      else if (text === 'welcome') door.open()
      return true
    },
  }
}

/** Each fault, a part of the name of the check that must notice it, and an opening with this fault. */
const FAULTS: readonly (readonly [string, string, () => Habits])[] = [
  ['never opens', 'follows the protocol', () => ({ received: () => true })],
  [
    'refuses every peer',
    'refuses nothing',
    () => ({
      begin: (door) => {
        door.refuse('no')
      },
    }),
  ],
  [
    'opens twice',
    'follows the protocol',
    () => ({
      received: (text, door) => {
        if (text === 'welcome') door.open()
        return right(text, door)
      },
    }),
  ],
  [
    'takes nothing',
    'takes every payload',
    () => ({
      received: (text, door) => {
        right(text, door)
        return false
      },
    }),
  ],
  ['keeps its step for all connections', 'opens again', shared],
  ['mixes two connections up', 'keeps two connections apart', shared],
  [
    'keeps a view',
    'does not keep a view',
    () => {
      let before: Uint8Array | undefined
      return {
        received: (text, door, payload) => {
          if (text === 'welcome' && Buffer.from(before ?? []).toString() === 'user?') door.open()
          else if (text === 'user?') said(door, 'me')
          before = payload
          return true
        },
      }
    },
  ],
  [
    'takes every message',
    'takes no message',
    () => ({
      received: (text, door) => {
        right(text, door)
        return true
      },
      session: { stays: true },
    }),
  ],
  [
    'throws if it does not know a payload',
    'neither throws',
    () => ({
      received: (text, door) => {
        if (!right(text, door)) throw new Error('unknown')
        return true
      },
    }),
  ],
  [
    'answers a number',
    'neither throws',
    () => ({ received: (text, door) => (right(text, door) ? true : 0) }),
  ],
  [
    'refuses without a reason',
    'decides once',
    () => ({
      received: (text, door) => {
        if (!right(text, door)) door.refuse('')
        return true
      },
    }),
  ],
  [
    'refuses and opens',
    'decides once',
    () => ({
      received: (text, door) => {
        if (right(text, door)) return true
        door.refuse('unknown')
        door.open()
        return true
      },
    }),
  ],
  [
    'throws at its end',
    'may end',
    () => ({
      session: {
        ended: () => {
          throw new Error('boom')
        },
      },
    }),
  ],
  [
    'has a progress that is no text',
    'names its progress',
    () => ({ session: { progress: 5 as never } }),
  ],
  [
    'uses a timer',
    'uses no timer',
    () => ({
      begin: (door) => {
        said(door, 'hello')
        clearTimeout(setTimeout(() => undefined, 1))
      },
    }),
  ],
]

describe('openingChecks', () => {
  it('find no fault in a correct opening', async () => {
    expect([...(await failedChecks(openingChecks(openingWith({}), options)))]).toEqual([])
    const staying = openingWith({ session: { stays: true } })
    expect([...(await failedChecks(openingChecks(staying, options)))]).toEqual([])
  })

  it.each(FAULTS)('notice an opening that %s', async (_, noticedBy, faulty) => {
    const all = openingChecks(openingWith(faulty()), options)
    const checks = all.filter(({ name }) => name.includes(noticedBy))
    expect(checks).toHaveLength(1)
    expect([...(await failedChecks(checks)).keys()]).toEqual(checks.map(({ name }) => name))
  })
})
