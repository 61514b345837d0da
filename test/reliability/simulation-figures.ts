import { availableParallelism } from 'node:os'
import { digits, type Figure, type Size } from './figure.js'
import { answerOfScript } from './node-script.js'

interface Campaign {
  readonly seeds: number
  readonly virtualMs: number
  readonly messages: number
  readonly convergenceMsMax: number
  readonly failures: readonly string[]
  readonly rare: readonly string[]
  readonly hashes: readonly string[]
}

interface Finding {
  readonly seededFault: string
  readonly found: boolean
  readonly seeds: number
}

const CAMPAIGN = 'test/simulation/campaign.mjs'
const SEEDS: Readonly<Record<Size, number>> = { short: 20, full: 2_000 }
const TWICE: Readonly<Record<Size, number>> = { short: 10, full: 100 }
const CONVERGENCE_MS_MAX = 120_000
const VIRTUAL_HOURS_MIN = 40
const SEEDED_FAULTS_MIN = 15
const SEEDED_FAULTS_SHORT = 3
const MARKER_TIMES = 10

function campaign(seeds: number, markers: number, from = 0): Promise<Campaign> {
  const options = ['--from', String(from), '--seeds', String(seeds), '--markers', String(markers)]
  return answerOfScript(CAMPAIGN, '--json', ...options)
}

/** Runs these seeds, divided among one process per processor. */
async function campaignOfAll(seeds: number): Promise<Omit<Campaign, 'rare' | 'hashes'>> {
  const each = Math.ceil(seeds / availableParallelism())
  const parts: Promise<Campaign>[] = []
  for (let from = 0; from < seeds; from += each) {
    parts.push(campaign(Math.min(each, seeds - from), 0, from))
  }
  const done = await Promise.all(parts)
  const sum = (of: (part: Campaign) => number): number =>
    done.reduce((total, part) => total + of(part), 0)
  return {
    seeds: sum((part) => part.seeds),
    virtualMs: sum((part) => part.virtualMs),
    messages: sum((part) => part.messages),
    convergenceMsMax: Math.max(...done.map((part) => part.convergenceMsMax)),
    failures: done.flatMap((part) => part.failures),
  }
}

export const SIMULATION_FIGURES: readonly Figure[] = [
  {
    id: 'B1',
    sentence: 'Swarms of nodes under every fault break no invariant, and recover',
    target: '2,000 seeds, at least 40 virtual hours, 0 violations, recovered within 120 virtual s',
    world: 'simulated',
    needs: undefined,
    timed: false,
    run: async (size) => {
      const all = await campaignOfAll(SEEDS[size])
      const { seeds, virtualMs, messages, convergenceMsMax, failures } = all
      const hours = virtualMs / 3_600_000
      const measured = [
        `${digits(seeds)} seeds`,
        `${digits(hours, 1)} virtual h`,
        `${digits(messages)} messages`,
        `${String(failures.length)} violations`,
        `recovered within ${digits(convergenceMsMax / 1000, 1)} s`,
      ]
      const long = size === 'short' || hours >= VIRTUAL_HOURS_MIN
      const whole = seeds === SEEDS[size] && failures.length === 0
      const held = long && whole && convergenceMsMax <= CONVERGENCE_MS_MAX
      return { measured: [...measured, ...failures.slice(0, 3)].join(', '), held }
    },
  },
  {
    id: 'B3',
    sentence: 'A seed gives the same trace in two processes',
    target: '100 seeds, all hashes the same',
    world: 'simulated',
    needs: undefined,
    timed: false,
    run: async (size) => {
      const [first, second] = await Promise.all([
        campaign(TWICE[size], 0),
        campaign(TWICE[size], 0),
      ])
      const same = first.hashes.filter((hash, at) => hash === second.hashes[at]).length
      const different = new Set(first.hashes).size
      return {
        measured: `${String(same)} of ${String(TWICE[size])} the same (${process.version})`,
        held: same === TWICE[size] && different === TWICE[size],
      }
    },
  },
  {
    id: 'B4',
    sentence: 'A seeded fault in core or codec is found',
    target: 'at least 15 seeded faults, each within 500 seeds',
    world: 'simulated',
    needs: undefined,
    timed: false,
    run: async (size) => {
      const script = 'test/simulation/seeded-fault-campaign.mjs'
      // test/simulation/campaign.test.ts looks for all of them.
      const some = size === 'short' ? ['--first', String(SEEDED_FAULTS_SHORT)] : []
      const findings = await answerOfScript<readonly Finding[]>(script, '--json', ...some)
      const found = findings.filter((finding) => finding.found)
      const survivors = findings
        .filter((finding) => !finding.found)
        .map(({ seededFault }) => seededFault)
      const seeds = Math.max(...found.map((finding) => finding.seeds))
      const measured = `${String(found.length)} of ${String(findings.length)} found, the last within ${String(seeds)} seeds`
      const enough = findings.length >= (size === 'short' ? SEEDED_FAULTS_SHORT : SEEDED_FAULTS_MIN)
      const held = enough && survivors.length === 0
      return { measured: [measured, ...survivors].join('; '), held }
    },
  },
  {
    id: 'B5',
    sentence: 'Every situation that the simulation is meant to produce does occur',
    target: 'each marker at least 10 times in the seeds of one run',
    world: 'simulated',
    needs: undefined,
    timed: false,
    run: async (size) => {
      const { rare, seeds } = await campaign(
        size === 'short' ? 20 : 200,
        size === 'short' ? 0 : MARKER_TIMES,
      )
      const measured = `${String(rare.length)} markers too rare in ${digits(seeds)} seeds`
      return { measured: [measured, ...rare].join('; '), held: rare.length === 0 }
    },
  },
]
