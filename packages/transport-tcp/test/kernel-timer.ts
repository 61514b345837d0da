import { readFileSync } from 'node:fs'

/**
 * Whether the kernel runs the keep-alive timer of the connection that has this local port: proc_net_tcp(5), the
 * columns `local_address` and `tr`.
 */
export function hasKeepAliveTimer(localPort: number): boolean {
  const port = localPort.toString(16).toUpperCase().padStart(4, '0')
  const rows = readFileSync('/proc/net/tcp', 'ascii')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
  const established = rows.find((row) => row[1]?.endsWith(`:${port}`) === true && row[3] === '01')
  return established?.[5]?.startsWith('02:') === true
}
