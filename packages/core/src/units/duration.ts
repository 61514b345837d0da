/** Milliseconds as a number, or text such as `250ms`, `30s`, `5m`, `2h`. */
export type Duration = number | string

/** The longest delay of a timer in milliseconds: with more than 2^31−1, Node's timers fire immediately. */
export const DURATION_MS_MAX = 2 ** 31 - 1

const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const DURATION = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/

/** Milliseconds of a duration; undefined if it is not a duration or is above `DURATION_MS_MAX`. */
export function durationMs(value: Duration): number | undefined {
  const ms = typeof value === 'number' ? value : textMs(value)
  return ms !== undefined && ms >= 0 && ms <= DURATION_MS_MAX ? ms : undefined
}

function textMs(text: string): number | undefined {
  const match = DURATION.exec(text.trim())
  if (match === null) return undefined
  return Number(match[1]) * (MS_PER_UNIT[match[2] ?? 'ms'] ?? 1)
}

/** The delay, limited to 0 … `DURATION_MS_MAX`; NaN becomes 0. */
export function timerMs(ms: number): number {
  return ms > 0 ? Math.min(ms, DURATION_MS_MAX) : 0
}

/** The shortest text for a number of milliseconds, such as `1.5s`. */
export function durationText(ms: number): string {
  if (ms >= 3_600_000 && ms % 3_600_000 === 0) return `${String(ms / 3_600_000)}h`
  if (ms >= 60_000 && ms % 60_000 === 0) return `${String(ms / 60_000)}m`
  if (ms >= 1000) return `${String(Math.round(ms / 100) / 10)}s`
  return `${String(Math.round(ms))}ms`
}
