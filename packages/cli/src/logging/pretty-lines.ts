import type { LogLevel } from './log-level.js'
import { visibleText } from '../terminal/escape-control-chars.js'

/** Facts that stand in the text of the line already, or that a person at a terminal knows. */
const LEFT_OUT = ['pid', 'hostname', 'node']

/**
 * Turns JSON log lines into lines for people, with pino-pretty in this very process, so that the last lines before
 * the end are not lost on their way through a worker.
 *
 * Only `debug` shows the fields and the stacks of errors; the text of a line says what people want to know.
 *
 * @returns undefined where pino-pretty, an optional part, is not installed
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
  return (line) => format(visibleValue(JSON.parse(line)))
}

/** All texts in a log object made visible; the lines of a stack stay lines. */
function visibleValue(value: unknown, key = ''): unknown {
  if (typeof value === 'string') {
    return key === 'stack' ? value.split('\n').map(visibleText).join('\n') : visibleText(value)
  }
  if (Array.isArray(value)) return value.map((item: unknown) => visibleValue(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [visibleText(name), visibleValue(member, name)]),
  )
}
