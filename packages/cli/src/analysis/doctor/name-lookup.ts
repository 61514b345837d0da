import { lookup } from 'node:dns/promises'
import { inBatches } from './map-limit.js'

/** What came of asking for a host name. */
export interface NameLookup {
  readonly addresses: readonly string[]
  /** Why there is none. */
  readonly problem: string | undefined
}

/** Name services give up after 5 to 30 s by themselves; the doctor has other things to look at. */
const LOOKUP_MS_MAX = 5_000
/** The system has four threads for look-ups; more at once only wait, and their time would run. */
const LOOKUPS_MAX = 4

export async function lookUpNames(hosts: Iterable<string>): Promise<Map<string, NameLookup>> {
  const names = [...new Set(hosts)]
  const found = await inBatches(names, LOOKUPS_MAX, lookUp)
  return new Map(names.map((name, at) => [name, found[at] ?? { addresses: [], problem: '' }]))
}

async function lookUp(host: string): Promise<NameLookup> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${String(LOOKUP_MS_MAX / 1000)} s`))
    }, LOOKUP_MS_MAX)
  })
  try {
    const addresses = await Promise.race([lookup(host, { all: true }), late])
    return { addresses: addresses.map(({ address }) => address), problem: undefined }
  } catch (error) {
    return { addresses: [], problem: problemText(error) }
  } finally {
    clearTimeout(timer)
  }
}

function problemText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? error.code : undefined
  if (code === 'ENOTFOUND') return 'unknown to the name service'
  if (code === 'EAI_AGAIN') return 'the name service does not answer'
  return error.message
}
