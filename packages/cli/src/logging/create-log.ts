import type { WriteStream } from 'node:tty'
import type { Writable } from 'node:stream'
import type { Logger } from '@commloop/core'
import { pino } from 'pino'
import type { LogLevel } from './log-level.js'
import { LogStream } from './log-stream.js'
import { prettyLines } from './pretty-lines.js'
import { visibleJson } from '../terminal/escape-control-chars.js'

/** A stream to log to. A terminal says that it is one, and whether it wants colours (`NO_COLOR` is heeded there). */
export type LogTarget = Writable & Partial<Pick<WriteStream, 'isTTY' | 'hasColors'>>

export interface Log {
  readonly logger: Logger
  /** The same with the node's name in every line. */
  readonly forNode: (name: string) => Logger
  /** To be awaited before the process ends. */
  readonly flush: () => Promise<void>
}

/** A log for people where `target` is a terminal, and of JSON lines everywhere else. */
export async function createLog(target: LogTarget, level: LogLevel): Promise<Log> {
  const stream = target.isTTY === true ? await terminalStream(target, level) : jsonStream(target)
  const logger = pino(
    {
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  )
  return {
    logger,
    forNode: (node) => logger.child({ node }),
    flush: () => stream.flush(),
  }
}

async function terminalStream(target: LogTarget, level: LogLevel): Promise<LogStream> {
  const format = await prettyLines(level, target.hasColors?.() ?? false)
  return format === undefined ? jsonStream(target) : new LogStream(target, format)
}

/** A line of pino's: what peers and plugins have written must not move a cursor even where the log is only shown. */
function jsonLine(line: string): string {
  return `${visibleJson(line.trimEnd())}\n`
}

function jsonStream(target: LogTarget): LogStream {
  return new LogStream(target, jsonLine, (lines) => {
    const msg = `${String(lines)} log lines lost: nobody read them`
    const line = { level: 'warn', time: new Date().toISOString(), lines, msg }
    return `${JSON.stringify(line)}\n`
  })
}
