import type { Logger } from '../contracts/logger.js'

/** Discards every log line, because a library must not write to the console of the application. */
export class SilentLogger implements Logger {
  debug(): void {
    // Silence is its purpose.
  }
  info(): void {
    // Silence is its purpose.
  }
  warn(): void {
    // Silence is its purpose.
  }
  error(): void {
    // Silence is its purpose.
  }
}
