import type { WriteStream } from 'node:tty'
import type { Writable } from 'node:stream'
import { GuardedLogger, type Logger, visibleOutput } from '@commloop/core'
import { pino } from 'pino'
import type { LogLevel } from './log-level.js'
import { LogStream } from './log-stream.js'
import { prettyLines } from './pretty-lines.js'

/** The stream to log to. `hasColors` respects `NO_COLOR`. */
export type LogTarget = Writable & Partial<Pick<WriteStream, 'isTTY' | 'hasColors'>>

export interface Log {
  readonly logger: Logger
  /** The same logger with the node's name in every line. */
  readonly forNode: (name: string) => Logger
  /** Log lines that could not be written since the start. */
  readonly lostLines: () => number
  /** Has to be awaited before the process ends. */
  readonly flush: () => Promise<void>
}

/** Makes a log: text if `target` is a terminal, otherwise JSON lines. */
export async function createLog(target: LogTarget, level: LogLevel): Promise<Log> {
  const stream = target.isTTY === true ? await terminalStream(target, level) : jsonStream(target)
  const lines = pino(
    {
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  )
  return {
    logger: new GuardedLogger(lines),
    forNode: (node) => new GuardedLogger(lines.child({ node })),
    lostLines: () => stream.lostLines,
    flush: () => stream.flush(),
  }
}

async function terminalStream(target: LogTarget, level: LogLevel): Promise<LogStream> {
  const format = await prettyLines(level, target.hasColors?.() ?? false)
  return format === undefined ? jsonStream(target) : new LogStream(target, format)
}

/** Control characters from peers and plugins must not reach a terminal that shows the log file. */
function jsonLine(line: string): string {
  return `${visibleOutput(line.trimEnd())}\n`
}

function jsonStream(target: LogTarget): LogStream {
  return new LogStream(target, jsonLine, (lines) => {
    const msg = `${String(lines)} log lines lost: the reader was too slow or gone, or the disk was full`
    const line = { level: 'warn', time: new Date().toISOString(), lines, msg }
    return `${JSON.stringify(line)}\n`
  })
}
