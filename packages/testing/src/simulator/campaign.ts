import { MarkerCounts } from './marker.js'
import { simulate, type SimulationOptions, type SimulationResult } from './simulation.js'

/** The seeds of a campaign, and the parts under test. */
export interface CampaignOptions extends Omit<SimulationOptions, 'seed' | 'read'> {
  /** The first seed. */
  readonly from: number
  /** How many seeds to run. */
  readonly seeds: number
  /** Called with the result of each seed. If it returns false, the campaign ends. */
  readonly onSeed?: (result: SimulationResult) => boolean
  /** The former name of `onSeed`. */
  readonly told?: (result: SimulationResult) => boolean
}

/** The sums over all seeds of a campaign. */
export interface CampaignResult {
  readonly seeds: number
  readonly virtualMs: number
  readonly messages: number
  readonly steps: number
  /** The longest `convergenceMs` of a seed. */
  readonly convergenceMsMax: number
  readonly markers: MarkerCounts
  /** The results of seeds with a violation. */
  readonly failures: readonly SimulationResult[]
}

/** Runs one seed after the other, and adds up the results. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const onSeed = options.onSeed ?? options.told
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
    if (onSeed?.(result) === false) break
  }
  return { ...sums, markers, failures }
}
