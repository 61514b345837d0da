import type { LookupAddress } from 'node:dns'
import { describe, expect, it } from 'vitest'
import { candidates, hostNames, type NameScout, searchRules } from '../src/name-scout.js'
import { lookupThreads, SystemLookup } from '../src/system-lookup.js'

/** A scout and a system whose answers are the test. */
class Bench {
  /** Looked up by the system at this moment. */
  readonly running: string[] = []
  readonly answers: string[] = []
  readonly #ends = new Map<string, (error: Error | null) => void>()
  readonly #lookup: SystemLookup

  /** @param silent names about which the scout gets no answer */
  constructor(silent: readonly string[], lookupsMax = 2) {
    const scout: NameScout = {
      ask: (name, done) => {
        done(!silent.includes(name))
      },
    }
    this.#lookup = new SystemLookup(
      scout,
      (name, _options, done) => {
        this.running.push(name)
        this.#ends.set(name, (error) => {
          this.running.splice(this.running.indexOf(name), 1)
          const found: LookupAddress[] =
            error === null ? [{ address: `ip of ${name}`, family: 4 }] : []
          done(error, found)
        })
      },
      lookupsMax,
    )
  }

  look(...names: readonly string[]): void {
    for (const name of names) {
      this.#lookup.look(name, 0, (error, addresses) => {
        this.answers.push(error?.message ?? addresses.join())
      })
    }
  }

  end(name: string, error: Error | null = null): void {
    this.#ends.get(name)?.(error)
  }
}

describe('the look-ups of the system', () => {
  it('leave a thread to names with an answer, however many have none', () => {
    const bench = new Bench(['dead1', 'dead2', 'dead3'])
    bench.look('dead1', 'dead2', 'dead3')
    expect(bench.running).toEqual(['dead1'])
    bench.look('good')
    expect(bench.running).toEqual(['dead1', 'good'])
    bench.end('good')
    expect(bench.answers).toEqual(['ip of good'])
    expect(bench.running).toEqual(['dead1'])
  })

  it('give every name its turn, and report what the system says', () => {
    const bench = new Bench(['dead1', 'dead2'])
    bench.look('dead1', 'dead2', 'a', 'b')
    expect(bench.running).toEqual(['dead1', 'a'])
    bench.end('a')
    expect(bench.running).toEqual(['dead1', 'b'])
    bench.end('dead1', new Error('ENOTFOUND'))
    expect(bench.running).toEqual(['b', 'dead2'])
    bench.end('b')
    bench.end('dead2')
    expect(bench.answers).toEqual(['ip of a', 'ENOTFOUND', 'ip of b', 'ip of dead2'])
  })

  it('use all threads for names with an answer', () => {
    const bench = new Bench([], 3)
    bench.look('a', 'b', 'c', 'd')
    expect(bench.running).toEqual(['a', 'b', 'c'])
  })

  it('run one by one if libuv has one thread for them', () => {
    const bench = new Bench(['dead'], 1)
    bench.look('dead', 'good')
    expect(bench.running).toEqual(['dead'])
    bench.end('dead')
    expect(bench.running).toEqual(['good'])
  })

  it.each([
    [undefined, 2],
    ['4', 2],
    ['1', 1],
    ['16', 8],
    ['many', 2],
    ['', 2],
  ])('are as many as libuv runs: UV_THREADPOOL_SIZE=%s: %i', (written, threads) => {
    expect(lookupThreads(written)).toBe(threads)
  })
})

describe('the names for which the system asks', () => {
  it('follow resolv.conf', () => {
    const rules = searchRules(
      'domain old.example\n# search no.example\nsearch a.example B.example. ; x\noptions rotate ndots:2',
    )
    expect(rules).toEqual({ search: ['a.example', 'b.example'], dotsMin: 2 })
    expect(candidates('mill', rules)).toEqual(['mill.a.example', 'mill.b.example', 'mill'])
    expect(candidates('mill.', rules)).toEqual(['mill.'])
    expect(candidates('a.b.c', rules)).toEqual(['a.b.c', 'a.b.c.a.example', 'a.b.c.b.example'])
    expect(searchRules('')).toEqual({ search: [], dotsMin: 1 })
  })

  it('include those of the hosts file, without its addresses', () => {
    const text =
      '127.0.0.1 localhost # not this\n10.0.0.2\tFurnace.plant.  furnace\n\n# 10.0.0.3 mill\n'
    expect(hostNames(text)).toEqual(['localhost', 'furnace.plant', 'furnace'])
  })
})
