import { textColumns } from '../terminal/text-columns.js'
import type { BenchResult, Compared } from './measurement.js'

const ABOUT =
  'One link on loopback, a process at each end; the raw socket is node:net by hand, and keeps no account.'

/** The results for people. */
export function benchText(results: readonly BenchResult[], rounds: number): string {
  const rows = results.flatMap((result) =>
    result.kind === 'one-way'
      ? [
          row(
            `one way, ${sizeText(result.payloadBytes)}`,
            result.messagesPerSecond,
            rateText(result.payloadBytes),
          ),
        ]
      : [
          row(`round trip, ${sizeText(result.payloadBytes)}, half below`, result.p50Us, microsText),
          row('round trip, 99 of 100 below', result.p99Us, microsText),
        ],
  )
  const table = textColumns([['', 'commloop', 'raw socket', 'ratio'], ...rows])
  const method = `Medians of ${String(rounds)} rounds; the ratio is the median of the ratios within each. On a machine that does other things,\nonly the ratio says something.`
  return `${ABOUT}\n\n${table}\n\n${method}\n`
}

function row(
  what: string,
  { commloop, raw, ratio }: Compared,
  text: (value: number) => string,
): string[] {
  return [what, text(commloop), text(raw), ratio.toFixed(2)]
}

function rateText(payloadBytes: number): (messagesPerSecond: number) => string {
  return (messages) => {
    const megabytes = (messages * payloadBytes) / 1e6
    return `${Math.round(messages).toLocaleString('en')} messages/s, ${Math.round(megabytes).toLocaleString('en')} MB/s`
  }
}

function microsText(us: number): string {
  return `${us.toFixed(0)} µs`
}

function sizeText(bytes: number): string {
  return bytes < 1024 ? `${String(bytes)} B` : `${String(bytes / 1024)} KiB`
}
