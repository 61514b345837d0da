/** Faults of a network and of the processes on it; most of them last for a while. */
export const FAULTS = [
  'partition',
  'one-way partition',
  'host reads nothing',
  'connection reset',
  'connection half-open',
  'connection ended by the network',
  'connection silenced',
  'connection not read',
  'connection cut at a byte',
  'host reset',
  'process killed',
  'machine without power',
  'process paused',
  'listeners fail',
] as const

/** One of `FAULTS`. */
export type FaultName = (typeof FAULTS)[number]
