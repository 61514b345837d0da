import { lookup } from 'node:dns/promises'
import { messageText } from '@commloop/core'
import { mapLimit } from './map-limit.js'

/** The result of resolving a host name. */
export interface NameLookup {
  readonly addresses: readonly string[]
  /** Why there is no address. */
  readonly problem: string | undefined
}

/** Resolvers give up after 5 to 30 s; the doctor should not wait that long. */
const LOOKUP_MS_MAX = 5_000
/** Node has four threads for look-ups. Further look-ups would only wait, while their timeouts run. */
const LOOKUPS_MAX = 4

export async function lookUpNames(hosts: Iterable<string>): Promise<Map<string, NameLookup>> {
  const names = [...new Set(hosts)]
  const found = await mapLimit(names, LOOKUPS_MAX, lookUp)
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
  if (!(error instanceof Error)) return messageText(error)
  const code = 'code' in error ? error.code : undefined
  if (code === 'ENOTFOUND') return 'unknown to the name service'
  if (code === 'EAI_AGAIN') return 'the name service does not answer'
  return messageText(error)
}
