import { availableParallelism } from 'node:os'
import { EXIT } from '../command-line/exit-codes.js'
import type { TextOutput } from '../terminal/text-output.js'
import { benchText } from './bench-text.js'
import { measure } from './measurement.js'

export interface BenchRequest {
  /** How long each workload is measured for each contender. */
  readonly seconds: number
  readonly json: boolean
}

const ROUNDS = 5

/** Measures two nodes and a raw socket on this machine, and prints both. @returns the exit code */
export async function runBench(
  request: BenchRequest,
  { stdout, stderr }: { readonly stdout: TextOutput; readonly stderr: TextOutput },
): Promise<number> {
  const roundMs = (request.seconds * 1000) / ROUNDS
  const showProgress = (step: string): void => {
    stderr.showStep(step)
  }
  const results = await measure({ rounds: ROUNDS, roundMs }, showProgress).finally(() => {
    showProgress('')
  })
  if (request.json) {
    const machine = { node: process.version, processors: availableParallelism() }
    stdout.write(`${JSON.stringify({ machine, rounds: ROUNDS, results }, undefined, 2)}\n`)
  } else {
    stdout.write(benchText(results, ROUNDS))
  }
  return EXIT.OK
}
