import type { Logger } from '../contracts/logger.js'

/** Says nothing. A library does not write to its user's console. */
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
