import { SeededRandom } from '@commloop/testing'
import { describe, expect, it } from 'vitest'
import { LineSplitter } from '../../src/stdio/line-splitter.js'

interface Line {
  readonly number: number
  readonly text: string | undefined
  readonly bytesTotal: number
}

/** All lines of an input that arrives in these chunks. */
function split(chunks: readonly Uint8Array[], lineBytesMax = 100): Line[] {
  const splitter = new LineSplitter(lineBytesMax)
  const lines: Line[] = []
  const add = (line: ReturnType<LineSplitter['next']>): boolean => {
    if (line === undefined) return false
    const { number, bytes, bytesTotal } = line
    lines.push({ number, text: bytes && Buffer.from(bytes).toString(), bytesTotal })
    return true
  }
  for (const chunk of chunks) {
    splitter.push(chunk)
    while (add(splitter.next()));
  }
  add(splitter.end())
  return lines
}

function texts(lines: readonly Line[]): (string | undefined)[] {
  return lines.map(({ text }) => text)
}

const INPUT = Buffer.from('{"payload":"é连😀"}\n\n{"b":1}\r\nlast')
const LINES = ['{"payload":"é连😀"}', '', '{"b":1}\r', 'last']

describe('LineSplitter', () => {
  it.each([1, 2, 3, 7, INPUT.length])(
    'finds the lines when they come %i bytes at a time',
    (size) => {
      const chunks: Buffer[] = []
      for (let at = 0; at < INPUT.length; at += size) chunks.push(INPUT.subarray(at, at + size))
      const lines = split(chunks)
      expect(texts(lines)).toEqual(LINES)
      expect(lines.map(({ number }) => number)).toEqual([1, 2, 3, 4])
    },
  )

  it('finds the same lines for every chunking of the input', () => {
    const random = new SeededRandom(7)
    for (let round = 0; round < 200; round++) {
      const chunks: Buffer[] = []
      for (let at = 0; at < INPUT.length;) {
        const end = at + 1 + Math.floor(random.next() * 9)
        chunks.push(INPUT.subarray(at, end))
        at = end
      }
      expect(texts(split(chunks))).toEqual(LINES)
    }
  })

  it('accepts a line of exactly the limit and skips only a longer one', () => {
    const fits = 'a'.repeat(100)
    const over = 'b'.repeat(101)
    const input = Buffer.from(`${fits}\n${over}\n${fits}\n`)
    for (const chunks of [[input], [...input].map((byte) => Uint8Array.of(byte))]) {
      const lines = split(chunks)
      expect(texts(lines)).toEqual([fits, undefined, fits])
      expect(lines[1]).toMatchObject({ number: 2, bytesTotal: 101 })
    }
  })

  it('skips a line that is too long at the end of the input', () => {
    expect(split([Buffer.alloc(1000, 'x')])).toEqual([
      { number: 1, text: undefined, bytesTotal: 1000 },
    ])
  })

  it('keeps no bytes of a line that is too long', () => {
    const splitter = new LineSplitter(1_000)
    const before = process.memoryUsage().arrayBuffers
    for (let at = 0; at < 1_000; at++) {
      splitter.push(Buffer.alloc(100_000, 'x'))
      expect(splitter.next()).toBeUndefined()
    }
    // 100 MB were pushed.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024)
    splitter.push(Buffer.from('\nnext\n'))
    expect(splitter.next()).toMatchObject({ bytes: undefined, bytesTotal: 100_000_000 })
    expect(splitter.next()).toMatchObject({ number: 2, bytesTotal: 4 })
  })

  it('returns no empty line at the end', () => {
    expect(texts(split([Buffer.from('a\n')]))).toEqual(['a'])
    expect(split([])).toEqual([])
  })
})
