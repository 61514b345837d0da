import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { OutputLines } from '../../src/stdio/output-lines.js'

/** Takes one write and then waits until it is told to go on. */
class SlowReader extends Writable {
  readonly writes: string[] = []
  #done: (() => void) | undefined
  #open = false

  constructor() {
    super({ decodeStrings: false })
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.writes.push(chunk)
    if (this.#open) done()
    else this.#done = done
  }

  /** The next waiting write is taken. */
  take(): void {
    const done = this.#done
    this.#done = undefined
    done?.()
  }

  open(): void {
    this.#open = true
    this.take()
  }

  get text(): string {
    return this.writes.join('')
  }
}

function watched(stream: Writable): { output: OutputLines; told: string[] } {
  const told: string[] = []
  const output = new OutputLines(stream, {
    slow: () => told.push('slow'),
    relieved: () => told.push('relieved'),
    gone: (error) => told.push(`gone: ${error.message}`),
  })
  return { output, told }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('OutputLines', () => {
  it('writes the lines of one turn at once', async () => {
    const reader = new SlowReader()
    reader.open()
    const { output } = watched(reader)
    for (let at = 0; at < 100; at++) output.write(`${String(at)}\n`)
    expect(reader.writes).toEqual([])
    await nextTurn()
    expect(reader.writes).toHaveLength(1)
    expect(reader.text.split('\n')).toHaveLength(101)
  })

  it('does not wait for the end of the turn with a lot', () => {
    const reader = new SlowReader()
    const { output } = watched(reader)
    output.write(`${'x'.repeat(100_000)}\n`)
    expect(reader.writes).toHaveLength(1)
  })

  it('tells when too much waits, and when half of it is gone', async () => {
    const reader = new SlowReader()
    const { output, told } = watched(reader)
    const line = `${'x'.repeat(99_999)}\n`
    for (let at = 0; at < 10; at++) output.write(line)
    expect(told).toEqual([])
    output.write(line)
    expect(told).toEqual(['slow'])
    for (let taken = 0; taken < 5; taken++) {
      reader.take()
      await nextTurn()
    }
    expect(told).toEqual(['slow'])
    reader.take()
    await nextTurn()
    expect(told).toEqual(['slow', 'relieved'])
  })

  it('leaves out what may be left out when nobody has read for long, and nothing else', async () => {
    const reader = new SlowReader()
    const { output } = watched(reader)
    const line = `${'x'.repeat(999_999)}\n`
    for (let at = 0; at < 12; at++) output.write(line)
    output.writeIfRoom('news\n')
    output.write('needed\n')
    expect(output.leftOut).toBe(1)
    reader.open()
    expect(await output.flushed(5_000)).toBe(true)
    expect(reader.text).not.toContain('news')
    expect(reader.text.endsWith('needed\n')).toBe(true)
    output.writeIfRoom('news\n')
    expect(await output.flushed(5_000)).toBe(true)
    expect(reader.text.endsWith('news\n')).toBe(true)
  })

  it('waits at the end for a reader that reads, and not for ever for one that does not', async () => {
    const reader = new SlowReader()
    const { output } = watched(reader)
    output.write('a\n')
    expect(await output.flushed(10)).toBe(false)
    const flushed = output.flushed(60_000)
    reader.open()
    expect(await flushed).toBe(true)
  })

  it('tells once that the reader is gone, lets go on whoever waits, and takes no more', async () => {
    let writes = 0
    const reader = new Writable({
      write: (_chunk, _encoding, done) => {
        writes++
        done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
      },
    })
    const { output, told } = watched(reader)
    output.write(`${'x'.repeat(2 * 1024 * 1024)}\n`)
    expect(await output.flushed(5_000)).toBe(false)
    expect(told).toEqual(['slow', 'relieved', 'gone: write EPIPE'])
    output.write('more\n')
    await nextTurn()
    expect(writes).toBe(1)
    expect(output.isGone).toBe(true)
  })
})
