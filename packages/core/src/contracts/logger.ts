import type { InjectionToken } from '../di.js'

/** The structured fields of a log line; never payloads. */
export type LogFields = Readonly<Record<string, unknown>>

/** Receives the log lines of a node, which never writes one per message. The default logger discards them. */
export interface Logger {
  debug(fields: LogFields, text: string): void
  info(fields: LogFields, text: string): void
  warn(fields: LogFields, text: string): void
  error(fields: LogFields, text: string): void
}

/** The key of the implementation in the container of a node. */
export const Logger: InjectionToken<Logger> = Symbol.for('commloop.Logger')
