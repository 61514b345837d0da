import type { InjectionToken } from '../di.js'

/** Facts that belong to a log line; never payloads. */
export type LogFields = Readonly<Record<string, unknown>>

/** Where a node says what it does. Never called per message. The default says nothing. */
export interface Logger {
  debug(fields: LogFields, text: string): void
  info(fields: LogFields, text: string): void
  warn(fields: LogFields, text: string): void
  error(fields: LogFields, text: string): void
}

export const Logger: InjectionToken<Logger> = Symbol.for('commloop.Logger')
