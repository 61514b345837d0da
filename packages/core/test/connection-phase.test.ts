import { describe, expect, it } from 'vitest'
import {
  nextReceivePhase,
  nextSendPhase,
  RECEIVE_TRANSITIONS,
  type ReceivePhase,
  SEND_TRANSITIONS,
  type SendPhase,
} from '../src/link/connection/connection-phase.js'

const TABLES: readonly (readonly [string, Readonly<Record<string, object>>, string])[] = [
  ['sending', SEND_TRANSITIONS, 'probation'],
  ['receiving', RECEIVE_TRANSITIONS, 'paused'],
]

describe.each(TABLES)('the phases of a connection that is %s', (_direction, table, first) => {
  const rows = Object.entries(table).map(
    ([phase, row]) => [phase, row as Readonly<Record<string, string>>] as const,
  )

  it('can close from every phase, and never come back', () => {
    for (const [phase, row] of rows) {
      expect(row['close'], phase).toBe(phase === 'closed' ? undefined : 'closed')
    }
    expect(Object.keys(table['closed'] ?? {})).toEqual([])
  })

  it('are all reached from the first one', () => {
    const reached = new Set([first])
    for (const phase of reached) {
      for (const next of Object.values(table[phase] as Record<string, string>)) reached.add(next)
    }
    expect([...reached].sort()).toEqual(rows.map(([phase]) => phase).sort())
  })
})

describe('a step between phases', () => {
  it('follows the table', () => {
    expect(nextSendPhase('idle', 'wake')).toBe('due')
    expect(nextSendPhase('writing', 'finish')).toBe('finishing')
    expect(nextReceivePhase('paused', 'fin')).toBe('finHeld')
  })

  it.each<readonly [SendPhase, Parameters<typeof nextSendPhase>[1]]>([
    ['idle', 'done'],
    ['writing', 'flush'],
    ['finished', 'finish'],
    ['closed', 'wake'],
  ])('that the table of sending does not list throws: %s, %s', (phase, event) => {
    const text = `connection: event '${event}' is impossible in sending phase '${phase}'`
    expect(() => nextSendPhase(phase, event)).toThrow(text)
  })

  it.each<readonly [ReceivePhase, Parameters<typeof nextReceivePhase>[1]]>([
    ['ended', 'fin'],
    ['reading', 'resume'],
    ['closed', 'close'],
  ])('that the table of receiving does not list throws: %s, %s', (phase, event) => {
    const text = `connection: event '${event}' is impossible in receiving phase '${phase}'`
    expect(() => nextReceivePhase(phase, event)).toThrow(text)
  })
})
