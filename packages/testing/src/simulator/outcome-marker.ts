import type { Outcome } from '@commloop/core'
import type { Marker, MarkerCounts } from './marker.js'

const OF_COPIES: ReadonlyMap<string, Marker> = new Map<string, Marker>([
  ['dropped peer gone', 'peer gone'],
  ['dropped unconfirmed at loss', 'unconfirmed at loss'],
  ['dropped epoch', 'epoch'],
  ['dropped outbox full', 'dropped for a newer one'],
  ['dropped link down', 'dropped of several'],
  ['expired ttl', 'expired in an outbox'],
  ['undeliverable codec', 'codec threw'],
])

const OF_MESSAGES: readonly (readonly [string, Marker])[] = [
  ['expired ttl', 'expired before a route'],
  ['undeliverable router late', 'router late'],
  ['undeliverable router threw', 'router threw'],
  ['undeliverable router named no link', 'router named no link'],
  ['undeliverable no link', 'router named no link'],
  ['undeliverable deferred too long', 'deferred too long'],
  ['undeliverable routing full', 'routing full'],
]

/** Counts the marker that an outcome shows. */
export function countOutcome(
  markers: MarkerCounts,
  outcome: Outcome,
  reason: string,
  link: string | undefined,
): void {
  const text = `${outcome} ${reason}`
  const marker =
    link === undefined
      ? OF_MESSAGES.find(([start]) => text.startsWith(start))?.[1]
      : OF_COPIES.get(text)
  if (marker !== undefined) markers.seen(marker)
}
