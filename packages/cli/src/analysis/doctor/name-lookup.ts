import { messageText } from '@commloop/core'
import { systemNames } from '@commloop/transport-tcp'

/** The result of resolving a host name. */
export interface NameLookup {
  readonly addresses: readonly string[]
  /** Why there is no address. */
  readonly problem: string | undefined
  /** The name service has not answered, so the name may well have an address. */
  readonly isSilent: boolean
}

/** Resolvers give up after 5 to 30 s; the doctor should not wait that long. */
const LOOKUP_MS_MAX = 5_000

/** Looks up all names at the same time, as a node does: a name without an answer does not delay the others. */
export async function lookUpNames(hosts: Iterable<string>): Promise<Map<string, NameLookup>> {
  const names = [...new Set(hosts)]
  const found = await Promise.all(names.map(async (name) => [name, await lookUp(name)] as const))
  return new Map(found)
}

function lookUp(host: string): Promise<NameLookup> {
  return new Promise((resolve) => {
    const cancel = systemNames.resolve(host, 0, (error, addresses) => {
      clearTimeout(timer)
      const isSilent = error !== undefined && 'code' in error && error.code === 'EAI_AGAIN'
      resolve({ addresses, problem: error && problemText(error), isSilent })
    })
    const timer = setTimeout(() => {
      cancel()
      const problem = `no answer within ${String(LOOKUP_MS_MAX / 1000)} s`
      resolve({ addresses: [], problem, isSilent: true })
    }, LOOKUP_MS_MAX)
  })
}

function problemText(error: Error): string {
  const code = 'code' in error ? error.code : undefined
  if (code === 'ENOTFOUND') return 'unknown to the name service'
  if (code === 'EAI_AGAIN') return 'the name service reports a temporary failure'
  return messageText(error)
}
