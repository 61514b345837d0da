import { availableParallelism } from 'node:os'
import type { WriteStream } from 'node:tty'
import { EXIT } from '../command-line/exit-codes.js'
import { UsageError } from '../command-line/usage-error.js'
import { benchText } from '../bench/bench-text.js'
import { measure } from '../bench/measurement.js'

export interface BenchRequest {
  /** As written on the command line. */
  readonly seconds: string
  readonly json: boolean
}

const SECONDS_MIN = 0.1
const SECONDS_MAX = 60
const ROUNDS = 5

/** `commloop bench`: what this machine does through two nodes, beside a raw socket. @throws UsageError */
export async function benchCommand(
  request: BenchRequest,
  { stdout, stderr }: { readonly stdout: WriteStream; readonly stderr: WriteStream },
): Promise<number> {
  const roundMs = (secondsOf(request.seconds) * 1000) / ROUNDS
  // A line that is written over and over is for people.
  const tell = (what: string): void => {
    if (stderr.isTTY) stderr.write(`\r\x1b[K${what}`)
  }
  const results = await measure({ rounds: ROUNDS, roundMs }, tell).finally(() => {
    tell('')
  })
  if (request.json) {
    const machine = { node: process.version, processors: availableParallelism() }
    stdout.write(`${JSON.stringify({ machine, rounds: ROUNDS, results }, undefined, 2)}\n`)
  } else {
    stdout.write(benchText(results, ROUNDS))
  }
  return EXIT.OK
}

function secondsOf(text: string): number {
  const seconds = Number(text)
  if (seconds >= SECONDS_MIN && seconds <= SECONDS_MAX) return seconds
  const range = `${String(SECONDS_MIN)} to ${String(SECONDS_MAX)}`
  throw new UsageError(`--seconds: expected ${range}, found "${text}"`)
}
