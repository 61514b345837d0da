import { visibleOutput, visibleText } from '@commloop/core'
import type { LogLevel } from './log-level.js'

/** Fields that repeat the text, or that a person at a terminal knows. */
const LEFT_OUT = ['pid', 'hostname', 'node']

/**
 * Formats JSON log lines for people with pino-pretty. It runs in this process, because a worker could lose the last lines
 * before exit. Fields and stacks of errors are shown only at level `debug`.
 *
 * @returns undefined if pino-pretty, an optional dependency, is not installed
 */
export async function prettyLines(
  level: LogLevel,
  color: boolean,
): Promise<((line: string) => string) | undefined> {
  const pretty = await import('pino-pretty').catch(() => undefined)
  if (pretty === undefined) return undefined
  const full = level === 'debug'
  const format = pretty.prettyFactory({
    colorize: color,
    ignore: [...LEFT_OUT, ...(full ? [] : ['err'])].join(','),
    hideObject: !full,
    singleLine: full,
    translateTime: 'SYS:HH:MM:ss.l',
  })
  return (line) => format(escapedValue(JSON.parse(line)))
}

/** The log object with control characters escaped in every text. The lines of a stack stay lines. */
function escapedValue(value: unknown, key = ''): unknown {
  if (typeof value === 'string') {
    return key === 'stack' ? visibleOutput(value) : visibleText(value)
  }
  if (Array.isArray(value)) return value.map((item: unknown) => escapedValue(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [visibleText(name), escapedValue(member, name)]),
  )
}
