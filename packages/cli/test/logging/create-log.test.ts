import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createLog, type LogTarget } from '../../src/logging/create-log.js'

/** Accepts every write; a terminal if `isTTY` is set. */
class Target extends Writable {
  readonly isTTY: boolean
  readonly #colors: boolean
  text = ''

  constructor(options: { readonly isTTY: boolean; readonly colors?: boolean }) {
    super({ decodeStrings: false })
    this.isTTY = options.isTTY
    this.#colors = options.colors ?? false
  }

  hasColors(): boolean {
    return this.#colors
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.text += chunk
    done()
  }
}

function linesOf(target: Target): Record<string, unknown>[] {
  return target.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

describe('a log to a file or pipe', () => {
  it('has JSON lines with level, time, node and fields', async () => {
    const target = new Target({ isTTY: false })
    const log = await createLog(target, 'info')
    log.forNode('plant').info({ link: 'a', epoch: 3 }, 'a is up')
    log.forNode('plant').debug({}, 'not wanted')
    const [line, ...rest] = linesOf(target)
    expect(rest).toEqual([])
    expect(line).toMatchObject({
      level: 'info',
      node: 'plant',
      link: 'a',
      epoch: 3,
      msg: 'a is up',
    })
    expect(String(line?.time)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  it('has one line for each call, whatever the text', async () => {
    const target = new Target({ isTTY: false })
    const { logger } = await createLog(target, 'info')
    const texts = ['a\nb', '\u2028', '\ud800', '\0', '"', '\\']
    for (const text of texts) logger.info({ text }, text)
    expect(linesOf(target).map(({ msg }) => msg)).toEqual(texts)
  })

  it.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['silent', []],
  ] as const)('writes the right levels at level %s', async (level, levels) => {
    const target = new Target({ isTTY: false })
    const { logger } = await createLog(target, level)
    for (const name of ['debug', 'info', 'warn', 'error'] as const) logger[name]({}, name)
    expect(target.text === '' ? [] : linesOf(target).map(({ msg }) => msg)).toEqual(levels)
  })
})

describe('a log on a terminal', () => {
  it('has text lines with time, level and text', async () => {
    const target = new Target({ isTTY: true })
    const log = await createLog(target, 'info')
    log.forNode('plant').info({ link: 'a', counters: { accepted: 1 } }, 'a is up')
    expect(target.text).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: a is up\n$/)
  })

  it('has colours only if the terminal has them', async () => {
    const plain = new Target({ isTTY: true, colors: false })
    const colored = new Target({ isTTY: true, colors: true })
    for (const target of [plain, colored]) (await createLog(target, 'info')).logger.warn({}, 'x')
    expect(plain.text).not.toContain('\x1b[')
    expect(colored.text).toContain('\x1b[')
  })

  it('escapes control characters of peers', async () => {
    const target = new Target({ isTTY: true })
    const { logger } = await createLog(target, 'info')
    logger.warn({}, 'refused: \x1b[2J\u202e\u2028\nINFO: forged')
    expect(target.text).toContain('refused: \\u001b[2J\\u202e\\u2028\\nINFO: forged\n')
    expect(target.text.split('\n')).toHaveLength(2)
  })

  it('shows fields and stacks at level debug only', async () => {
    const error = new Error('boom\x1b[31m')
    const info = new Target({ isTTY: true })
    const debug = new Target({ isTTY: true })
    ;(await createLog(info, 'info')).logger.error({ err: error, code: 'X\x1b' }, 'failed')
    ;(await createLog(debug, 'debug')).logger.error({ err: error, code: 'X\x1b' }, 'failed')
    expect(info.text).not.toMatch(/boom|"X/)
    expect(debug.text).toContain('create-log.test.ts')
    expect(debug.text).toContain('boom\\u001b[31m')
    expect(debug.text).not.toContain('\x1b')
  })
})

/** Blocks every write until `open` is called. */
class StuckTarget extends Writable {
  text = ''
  #release: (() => void) | undefined
  #open = false

  constructor() {
    super({ decodeStrings: false })
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.text += chunk
    if (this.#open) done()
    else this.#release = done
  }

  open(): void {
    this.#open = true
    this.#release?.()
  }
}

describe('a log whose reader is slow or gone', () => {
  it('keeps a limited amount, and reports the number of lost lines', async () => {
    const target = new StuckTarget()
    const { logger, flush } = await createLog(target, 'info')
    const text = 'x'.repeat(10_000)
    for (let line = 0; line < 1_000; line++) logger.info({}, text)
    expect(target.writableLength).toBeLessThan(1.1 * 1024 * 1024)
    target.open()
    await flush()
    logger.info({}, 'again')
    const lines = target.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg: string; lines?: number })
    const kept = lines.filter(({ msg }) => msg === text).length
    const notice = lines.at(-2)
    expect(notice?.msg).toMatch(/^\d+ log lines lost/)
    expect(kept + (notice?.lines ?? 0)).toBe(1_000)
    expect(lines.at(-1)?.msg).toBe('again')
  })

  it('continues silently when the reader is gone', async () => {
    const target: LogTarget = new Writable({
      write: (_chunk, _encoding, done) => {
        done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
      },
    })
    const { logger, flush } = await createLog(target, 'info')
    logger.info({}, 'one')
    await new Promise((resolve) => target.once('close', resolve))
    logger.info({}, 'two')
    await flush()
  })

  it('waits for a limited time at exit', async () => {
    const { logger, flush } = await createLog(new StuckTarget(), 'info')
    logger.info({}, 'last words')
    await flush()
  })
})
