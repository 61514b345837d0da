import type { Workload } from '../workload.js'
import { bothWays } from './both-ways.js'
import { codecs } from './codecs.js'
import { dnsRelay } from './dns-relay.js'
import { idleCpu } from './idle-cpu.js'
import { idleMemory } from './idle-memory.js'
import { manyLinks } from './many-links.js'
import { oneWay } from './one-way.js'
import { relay } from './relay.js'
import { restart } from './restart.js'
import { roundTrip } from './round-trip.js'
import { start } from './start.js'
import { tableSize } from './table-size.js'

/** In the order of the report. */
export const WORKLOADS: readonly Workload[] = [
  oneWay,
  codecs,
  bothWays,
  roundTrip,
  manyLinks,
  relay,
  dnsRelay,
  idleMemory,
  idleCpu,
  restart,
  start,
  tableSize,
]
