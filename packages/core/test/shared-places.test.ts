import { describe, expect, it } from 'vitest'
import type { Lane } from '../src/shares/lane-shares.js'
import { SharedPlaces } from '../src/shares/shared-places.js'
import { Standings } from '../src/shares/standings.js'

interface Holder {
  readonly name: string
  readonly lane: Lane
  readonly group: string
  readonly address: string
  stale: boolean
}

/** Places, and the names of the holders that have one. */
function places(max: number) {
  const subject = new SharedPlaces<Holder>(max, ({ stale }) => stale)
  const held = new Set<Holder>()
  let count = 0
  /** @returns the name of the displaced holder, `entered` or `refused` */
  const enter = (address: string, more: { lane?: Lane; group?: string } = {}): string => {
    const { lane = 'unknown', group = address } = more
    count++
    const newcomer = { name: `${address}#${String(count)}`, lane, group, address, stale: false }
    const { entered, displaced } = subject.enter(newcomer, { lane, group, address })
    if (displaced !== undefined) held.delete(displaced)
    if (entered) held.add(newcomer)
    if (displaced !== undefined) return displaced.name
    return entered ? 'entered' : 'refused'
  }
  const countOf = (address: string): number =>
    [...held].filter((holder) => holder.address === address).length
  const oldest = (address: string): Holder => {
    const found = [...held].find((holder) => holder.address === address)
    if (found === undefined) throw new Error(`${address} has no place`)
    return found
  }
  const fill = (address: string, times: number, more: { lane?: Lane; group?: string } = {}) => {
    for (let at = 0; at < times; at++) enter(address, more)
  }
  return { subject, held, enter, countOf, oldest, fill }
}

describe('shared places', () => {
  it('give a newcomer the oldest place of the address that has most', () => {
    const { enter, fill, countOf } = places(8)
    fill('flood', 20)
    expect(countOf('flood'), 'seven eighths: the rest is for peers that were well').toBe(7)
    expect(enter('quiet')).toBe('flood#1')
    expect(enter('quiet')).toBe('flood#2')
    expect(countOf('flood') + countOf('quiet')).toBe(7)
  })

  it('are never taken from each other without end', () => {
    const { enter, fill, countOf } = places(8)
    fill('a', 20)
    fill('b', 20)
    expect([countOf('a'), countOf('b')]).toEqual([4, 3])
    expect([enter('a'), enter('b'), enter('a')]).toEqual(['refused', 'refused', 'refused'])
  })

  it('stay with a crowd of addresses that have one place each', () => {
    const { enter, held } = places(8)
    const first = Array.from({ length: 7 }, (_, at) => enter(`peer ${String(at)}`))
    expect(first.every((answer) => answer === 'entered')).toBe(true)
    const before = [...held]
    for (let at = 7; at < 100; at++) expect(enter(`peer ${String(at)}`)).toBe('refused')
    expect([...held]).toEqual(before)
  })

  it('are shared between entries first, so that a range of addresses has one share', () => {
    const { enter, held } = places(8)
    for (let at = 0; at < 7; at++) enter(`10.0.0.${String(at)}`, { group: '10.0.0.0/8' })
    expect(enter('192.168.0.2')).toBe('10.0.0.0#1')
    expect(enter('10.0.1.1', { group: '10.0.0.0/8' })).toBe('refused')
    expect([...held].some(({ address }) => address === '192.168.0.2')).toBe(true)
  })

  it('are shared between the addresses of an entry', () => {
    const { enter, fill } = places(8)
    const group = '10.0.0.0/8'
    fill('10.0.0.1', 6, { group })
    enter('10.0.0.2', { group })
    expect(enter('10.0.0.3', { group })).toBe('10.0.0.1#1')
  })

  it('of a stale holder go first, also to a newcomer of the same address', () => {
    const { enter, fill, oldest } = places(8)
    fill('natted', 7)
    expect(enter('natted')).toBe('refused')
    const stale = oldest('natted')
    stale.stale = true
    expect(enter('natted')).toBe(stale.name)
  })

  it('of a better lane are not taken because they are stale', () => {
    const { enter, held } = places(2)
    enter('a', { lane: 'first' })
    enter('b', { lane: 'first' })
    for (const holder of held) holder.stale = true
    expect(enter('c', { lane: 'slow' })).toBe('refused')
  })

  it('of a better lane are taken if their address has more than its share', () => {
    const { enter, fill } = places(8)
    fill('once well', 20, { lane: 'first' })
    expect(enter('newcomer', { lane: 'unknown' })).toBe('once well#1')
    expect(enter('another', { lane: 'slow' })).toBe('once well#2')
  })

  it('go to a peer that was well before one that has failed', () => {
    const { enter } = places(8)
    for (let at = 0; at < 4; at++) enter(`slow ${String(at)}`, { lane: 'slow' })
    for (let at = 0; at < 4; at++) enter(`well ${String(at)}`, { lane: 'first' })
    expect(enter('another', { lane: 'first' })).toBe('slow 0#1')
  })

  it('let an address in also if another one has failed while it filled them', () => {
    const { enter, fill, held } = places(8)
    fill('flood', 7)
    for (const holder of held) holder.stale = true
    fill('flood', 20, { lane: 'slow' })
    expect(enter('quiet')).not.toBe('refused')
    expect(held.size).toBe(7)
    expect(enter('well', { lane: 'first' })).toBe('entered')
  })

  it('keep half of themselves from peers that have failed', () => {
    const { enter, fill, countOf } = places(8)
    fill('broken', 20, { lane: 'slow' })
    expect(countOf('broken')).toBe(4)
    expect(enter('new')).toBe('entered')
  })

  it('are as many as their lanes allow, also while newcomers displace holders', () => {
    const { subject, held } = places(16)
    const lanes = ['first', 'unknown', 'slow'] as const
    const all = new Set<Holder>()
    for (let at = 0; at < 5_000; at++) {
      const lane = lanes[(at * 7) % 3] ?? 'first'
      const address = String((at * 31) % 13)
      const group = String(Number(address) % 4)
      const newcomer = { name: '', lane, group, address, stale: at % 5 === 0 }
      const { entered, displaced } = subject.enter(newcomer, { lane, group, address })
      if (displaced !== undefined) expect(all.delete(displaced)).toBe(true)
      if (entered) all.add(newcomer)
      const [leaving] = all
      if (at % 11 === 0 && leaving !== undefined) {
        all.delete(leaving)
        subject.leave(leaving)
        subject.leave(leaving)
      }
      const slow = [...all].filter((each) => each.lane === 'slow').length
      const notFirst = [...all].filter((each) => each.lane !== 'first').length
      expect(subject.taken).toBe(all.size)
      expect([all.size <= 16, notFirst <= 14, slow <= 8]).toEqual([true, true, true])
    }
    expect(held.size).toBe(0)
  })
})

describe('the standing of an address', () => {
  it('is that of its last place', () => {
    const standings = new Standings()
    expect(standings.laneOf('a')).toBe('unknown')
    standings.note('a', true)
    expect(standings.laneOf('a')).toBe('first')
    standings.note('a', false)
    expect(standings.laneOf('a')).toBe('slow')
  })

  it('is remembered for 1,024 addresses', () => {
    const standings = new Standings()
    for (let at = 0; at < 5_000; at++) standings.note(String(at), true)
    expect(standings.size).toBe(1_024)
    expect([standings.laneOf('4999'), standings.laneOf('0')]).toEqual(['first', 'unknown'])
  })
})
