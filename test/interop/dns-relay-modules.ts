import type { RouterFactory } from '@commloop/router-plugin-api'

/** What the modules of `examples/dns-relay` export: they are JavaScript, as a user would write them. */
export interface DnsMessageModule {
  readonly readDnsMessage: (payload: Uint8Array) => DnsMessage | undefined
}

export interface DnsMessage {
  readonly id: number
  readonly isAnswer: boolean
  readonly opcode: number
  readonly question: string
  readonly type: number
}

export interface PendingQueries {
  readonly size: number
  add(dns: DnsMessage, query: string, asker: Asker): 'added' | 'clash' | 'full'
  take(dns: DnsMessage): Asker | undefined
}

export interface Asker {
  readonly link: string
  readonly epoch: number
}

type PendingQueriesClass = new (
  max: number,
  timeoutMs: number,
  now?: () => number,
) => PendingQueries

export const EXAMPLE = new URL('../../examples/dns-relay/', import.meta.url)

async function load(name: string): Promise<unknown> {
  const module: unknown = await import(new URL(name, EXAMPLE).href)
  return module
}

const { default: router } = (await load('router.mjs')) as { readonly default: RouterFactory }
const { PendingQueries } = (await load('pending-queries.mjs')) as {
  readonly PendingQueries: PendingQueriesClass
}
const { readDnsMessage } = (await load('dns-message.mjs')) as DnsMessageModule

export { router as dnsRelayRouter, PendingQueries, readDnsMessage }
