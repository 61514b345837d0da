/** The monotonic clock of the machine. Unlike `performance.now()`, it is the same for all processes. */
export function nowMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}
