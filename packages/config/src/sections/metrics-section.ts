import { describeValue, isLoopback, parseIp } from '@commloop/core'
import type { FileProblem } from '../read/file-problem.js'
import type { Section } from './section.js'

/** Where metrics are served by TCP. */
export interface MetricsPlace {
  readonly host: string
  readonly port: number
  /** The token that a request must present; undefined: none. */
  readonly token: string | undefined
}

const HOST = '127.0.0.1'

/** The key as written. Not `ConfigFile`: its type is zod's, and public types must not mention zod. */
interface WrittenMetrics {
  readonly metrics?:
    | {
        readonly port: number
        readonly host?: string | undefined
        readonly token?: string | undefined
      }
    | undefined
}

/** undefined: metrics are not served by TCP. */
export function metricsSection({ metrics }: WrittenMetrics): Section<MetricsPlace | undefined> {
  if (metrics === undefined) return { value: undefined, problems: [] }
  const { port, host = HOST, token } = metrics
  const value = { host, port, token }
  return { value, problems: hostProblems(value) }
}

/** Metrics reveal who communicates with whom, so without a token only users of this machine may fetch them. */
function hostProblems({ host, token }: MetricsPlace): FileProblem[] {
  const path = ['metrics', 'host']
  if (parseIp(host) === undefined) {
    const message = `expected an IP address of this machine, found ${describeValue(host)}`
    return [{ path, message }]
  }
  if (isLoopback(host) || token !== undefined) return []
  const message = `${host} is reachable from other machines: set metrics.token, or remove host`
  return [{ path, message }]
}
