import type { Marker } from './marker.js'

const BY_REASON: ReadonlyMap<string, Marker> = new Map<string, Marker>([
  ['peer closed', 'peer closed'],
  ['reset by peer', 'reset by peer'],
  ['silence', 'silence'],
  ['write stall', 'write stall'],
  ['partial frame', 'partial frame'],
  ['replaced', 'replaced'],
  ['operator', 'closed by operator'],
])

const OPENING_REASONS = [
  'not opened',
  'opening timeout',
  'opening ended',
  'opening threw',
  'message before the end of the opening',
] as const satisfies readonly Marker[]

/** The marker that the reason of a lost connection or of a failed dial shows. */
export function lossMarker(reason: string): Marker | undefined {
  const marker = BY_REASON.get(reason)
  if (marker !== undefined) return marker
  if (reason.startsWith('protocol error')) return 'protocol error'
  if (reason.startsWith('not acknowledged')) return 'not acknowledged'
  const ofOpening = OPENING_REASONS.find((start) => reason.startsWith(start))
  if (ofOpening !== undefined) return ofOpening
  return reason.startsWith('the stream ended') ? 'fin within a frame' : undefined
}
