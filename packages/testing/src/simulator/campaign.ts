import { MarkerCounts } from './marker.js'
import { simulate, type SimulationOptions, type SimulationResult } from './simulation.js'

export interface CampaignOptions extends Omit<SimulationOptions, 'seed' | 'read'> {
  readonly from: number
  readonly seeds: number
  /** Hears of every seed as it ends. false: enough. */
  readonly told?: (result: SimulationResult) => boolean
}

export interface CampaignResult {
  readonly seeds: number
  readonly virtualMs: number
  readonly messages: number
  readonly steps: number
  readonly convergenceMsMax: number
  readonly markers: MarkerCounts
  readonly failures: readonly SimulationResult[]
}

/** Runs seed after seed, and adds up. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const markers = new MarkerCounts()
  const failures: SimulationResult[] = []
  const sums = { seeds: 0, virtualMs: 0, messages: 0, steps: 0, convergenceMsMax: 0 }
  for (let seed = options.from; seed < options.from + options.seeds; seed++) {
    const result = await simulate({ ...options, seed })
    sums.seeds++
    sums.virtualMs += result.virtualMs
    sums.messages += result.messages
    sums.steps += result.steps
    sums.convergenceMsMax = Math.max(sums.convergenceMsMax, result.convergenceMs)
    markers.add(result.markers)
    if (result.violation !== undefined) failures.push(result)
    if (options.told?.(result) === false) break
  }
  return { ...sums, markers, failures }
}
