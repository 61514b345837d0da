import type { Figure } from '../results/result.js'
import { figure } from '../results/summary.js'
import type { Entrant, Rounds } from '../rounds.js'
import { OneWayPair } from '../traffic/one-way-pair.js'
import type { WorkloadContext } from '../workload.js'

export interface Compared {
  readonly name: string
  readonly lanes?: number
}

/** Pairs of processes that send in one direction, measured in turn. */
export class ComparedPairs {
  readonly notes: string[] = []
  readonly #context: WorkloadContext
  readonly #pairs = new Map<string, OneWayPair>()

  constructor(context: WorkloadContext) {
    this.#context = context
  }

  /** If a contender cannot be started because a program is missing, the notes name it and it is left out. */
  async start(contenders: readonly Compared[]): Promise<void> {
    for (const { name, lanes } of contenders) {
      this.#context.progress(`starting ${name}`)
      try {
        this.#pairs.set(name, await OneWayPair.start(name, lanes))
      } catch (error) {
        this.notes.push(`${name} did not take part: ${firstLine(error)}`)
      }
    }
  }

  /** Messages per second, with ratios to `baseline`, and the CPU time for each message at both ends. */
  async measure(
    workload: string,
    payloadBytes: number,
    baseline: string,
    rounds: Rounds,
  ): Promise<Figure[]> {
    const { plan, progress } = this.#context
    const entrants: Entrant[] = []
    const costs = new Map<string, { readonly sender: number[]; readonly receiver: number[] }>()
    for (const [name, pair] of [...this.#pairs]) {
      progress(`${workload}: warming up ${name}`)
      try {
        const messages = await pair.calibrate(payloadBytes, plan)
        const cost = { sender: [] as number[], receiver: [] as number[] }
        costs.set(name, cost)
        entrants.push({
          name,
          round: async () => {
            const { tookMs, senderCpuMs, receiverCpuMs } = await pair.run(payloadBytes, messages)
            cost.sender.push((senderCpuMs * 1e6) / messages)
            cost.receiver.push((receiverCpuMs * 1e6) / messages)
            return (messages * 1000) / tookMs
          },
        })
      } catch (error) {
        this.notes.push(`${name} left at ${workload}: ${firstLine(error)}`)
        this.#pairs.delete(name)
        await pair.stop()
      }
    }
    const values = await rounds.measure(workload, entrants)
    const base = values.get(baseline)
    return [...values].flatMap(([name, each]) => [
      figure(workload, name, 'msg/s', each, base),
      figure(workload, name, 'ns of CPU/msg, sender', costs.get(name)?.sender ?? []),
      figure(workload, name, 'ns of CPU/msg, receiver', costs.get(name)?.receiver ?? []),
    ])
  }

  async stop(): Promise<void> {
    for (const pair of this.#pairs.values()) await pair.stop()
    this.#pairs.clear()
  }
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0] ?? ''
}
