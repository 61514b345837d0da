/** The machine's monotonic clock, the same for all processes, which `performance.now()` is not. */
export function nowMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}
