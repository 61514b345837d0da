import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { OutputLines } from '../../src/stdio/output-lines.js'

/** Accepts one write and blocks until `take` is called. */
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

  /** Completes the pending write. */
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

function watched(stream: Writable): { output: OutputLines; calls: string[] } {
  const calls: string[] = []
  const output = new OutputLines(stream, {
    slow: () => calls.push('slow'),
    drained: () => calls.push('drained'),
    failing: () => calls.push('failing'),
    recovered: () => calls.push('recovered'),
    gone: (error) => calls.push(`gone: ${error.message}`),
  })
  return { output, calls }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('OutputLines', () => {
  it('joins the lines of one turn into one write', async () => {
    const reader = new SlowReader()
    reader.open()
    const { output } = watched(reader)
    for (let at = 0; at < 100; at++) output.write(`${String(at)}\n`)
    expect(reader.writes).toEqual([])
    await nextTurn()
    expect(reader.writes).toHaveLength(1)
    expect(reader.text.split('\n')).toHaveLength(101)
  })

  it('writes a large batch before the end of the turn', () => {
    const reader = new SlowReader()
    const { output } = watched(reader)
    output.write(`${'x'.repeat(100_000)}\n`)
    expect(reader.writes).toHaveLength(1)
  })

  it('reports too much pending output, and when half of it is written', async () => {
    const reader = new SlowReader()
    const { output, calls } = watched(reader)
    const line = `${'x'.repeat(99_999)}\n`
    for (let at = 0; at < 10; at++) output.write(line)
    expect(calls).toEqual([])
    output.write(line)
    expect(calls).toEqual(['slow'])
    for (let taken = 0; taken < 5; taken++) {
      reader.take()
      await nextTurn()
    }
    expect(calls).toEqual(['slow'])
    reader.take()
    await nextTurn()
    expect(calls).toEqual(['slow', 'drained'])
  })

  it('drops only optional lines when the reader is too slow', async () => {
    const reader = new SlowReader()
    const { output } = watched(reader)
    const line = `${'x'.repeat(999_999)}\n`
    for (let at = 0; at < 12; at++) output.write(line)
    output.writeIfRoom('news\n')
    output.write('needed\n')
    expect(output.droppedLines).toBe(1)
    reader.open()
    expect(await output.flushed(5_000)).toBe(true)
    expect(reader.text).not.toContain('news')
    expect(reader.text.endsWith('needed\n')).toBe(true)
    output.writeIfRoom('news\n')
    expect(await output.flushed(5_000)).toBe(true)
    expect(reader.text.endsWith('news\n')).toBe(true)
  })

  it('waits for the reader at the end, up to the deadline', async () => {
    const reader = new SlowReader()
    const { output } = watched(reader)
    output.write('a\n')
    expect(await output.flushed(10)).toBe(false)
    const flushed = output.flushed(60_000)
    reader.open()
    expect(await flushed).toBe(true)
  })

  it('reports a gone reader once, drains, and accepts no more lines', async () => {
    let writes = 0
    const reader = new Writable({
      write: (_chunk, _encoding, done) => {
        writes++
        done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
      },
    })
    const { output, calls } = watched(reader)
    output.write(`${'x'.repeat(2 * 1024 * 1024)}\n`)
    expect(await output.flushed(5_000)).toBe(false)
    expect(calls).toEqual(['slow', 'drained', 'gone: write EPIPE'])
    output.write('more\n')
    await nextTurn()
    expect(writes).toBe(1)
    expect(output.isGone).toBe(true)
  })
})
