import { describe, expect, it } from 'vitest'
import type { LogFields, Logger } from '../src/contracts/logger.js'
import { GuardedLogger } from '../src/events/guarded-logger.js'
import { hostileThrows } from './hostile-throws.js'

/** Texts of 8,000 characters, 400 values, and their names and marks. */
const FIELDS_LENGTH_MAX = 30_000

function recorded(): { logger: Logger; lines: [LogFields, string][] } {
  const lines: [LogFields, string][] = []
  const write = (fields: LogFields, text: string): void => {
    lines.push([fields, text])
  }
  return { logger: { debug: write, info: write, warn: write, error: write }, lines }
}

describe('a guarded logger', () => {
  it.each(['debug', 'info', 'warn', 'error'] as const)('passes on lines of level %s', (level) => {
    const { logger, lines } = recorded()
    new GuardedLogger(logger)[level]({ epoch: 3 }, 'a is up')
    expect(lines).toEqual([[{ epoch: 3 }, 'a is up']])
  })

  it.each(hostileThrows())('passes on plain fields of bounded size: %s', (_name, err) => {
    const { logger, lines } = recorded()
    new GuardedLogger(logger).warn({ err }, 'x'.repeat(1_000_000))
    const [[fields, text] = [{}, '']] = lines
    expect(JSON.stringify(fields).length).toBeLessThan(FIELDS_LENGTH_MAX)
    expect(text.length).toBeLessThan(20_000)
  })

  it.each(hostileThrows())('survives a logger that throws it: %s', (_name, thrown) => {
    const failures: unknown[] = []
    const fail = (): never => {
      throw thrown
    }
    const logger = { debug: fail, info: fail, warn: fail, error: fail }
    new GuardedLogger(logger, (cause) => failures.push(cause)).error({}, 'text')
    expect(failures.length).toBe(1)
  })
})
