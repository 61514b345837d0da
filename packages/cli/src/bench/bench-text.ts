import { tableBlock } from '../terminal/table.js'
import type { BenchResult, Compared } from './measurement.js'

const HEAD = ['workload', 'commloop', 'raw socket', 'ratio'] as const
const ABOUT =
  'One link on loopback, a process at each end. The raw socket uses node:net directly, without queue limits or counters.'
const READING =
  'the ratio is commloop divided by raw socket, with its\n' +
  'lowest and highest round in parentheses. Higher is better one way, lower in a round trip.'
const TRUST =
  'Other load on the machine makes the figures unreliable: if the ratios differ much, measure again.'

/** The results as text, for people. */
export function benchText(results: readonly BenchResult[], rounds: number): string {
  const table = tableBlock([HEAD, ...results.flatMap(rowsOf)])
  return `${ABOUT}\n\n${table}\nMedians of ${String(rounds)} rounds; ${READING}\n${TRUST}\n`
}

function rowsOf(result: BenchResult): string[][] {
  const size = sizeText(result.payloadBytes)
  if (result.kind === 'one-way') {
    return [row(`one way, ${size}`, result.messagesPerSecond, rateText(result.payloadBytes))]
  }
  return [
    row(`round trip, ${size}, p50`, result.p50Us, microsText),
    row(`round trip, ${size}, p99`, result.p99Us, microsText),
  ]
}

function row(
  workload: string,
  { commloop, raw, ratio, ratios }: Compared,
  text: (value: number) => string,
): string[] {
  const range = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`
  return [workload, text(commloop), text(raw), `${ratio.toFixed(2)} (${range})`]
}

function rateText(payloadBytes: number): (messagesPerSecond: number) => string {
  return (messages) =>
    `${wholeText(messages)} messages/s, ${wholeText((messages * payloadBytes) / 1e6)} MB/s`
}

function wholeText(value: number): string {
  return Math.round(value).toLocaleString('en')
}

function microsText(us: number): string {
  return `${us.toFixed(0)} µs`
}

function sizeText(bytes: number): string {
  return bytes < 1024 ? `${String(bytes)} B` : `${String(bytes / 1024)} KiB`
}
