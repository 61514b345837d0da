import { SeededRandom } from '@commloop/testing'
import { leakCheck } from '../robustness/leak-check.js'
import { reloadStall } from '../robustness/reload-stall.js'
import { randomStops } from '../robustness/random-stops.js'
import { digits, type Figure } from './figure.js'

const SEED = 'stops'
const RELOAD_WORK_MS_MAX = 100
const HEAP_BYTES_PER_CYCLE_MAX = 100

export const LIFE_FIGURES: readonly Figure[] = [
  {
    id: 'B22',
    sentence: 'A stop at any moment under load ends in time, and every ledger balances',
    target: '100 of 100 clean and within the deadline',
    world: 'real sockets',
    needs: undefined,
    timed: true,
    run: async (size) => {
      const random = new SeededRandom(SEED)
      const stops = size === 'short' ? 3 : 100
      const figure = await randomStops(stops, () => random.next())
      const clean = `${String(figure.clean)} of ${String(stops)} clean, ${String(figure.late)} late`
      const slowest = `slowest ${digits(figure.slowestMs)} ms of ${digits(figure.deadlineMs)} ms`
      return {
        measured: [`${clean}, ${slowest}`, ...figure.faults.slice(0, 3)].join('; '),
        held: figure.clean === stops && figure.late === 0 && figure.written > 0,
      }
    },
  },
  {
    id: 'B23',
    sentence: 'Peers that come and go leave nothing behind',
    target:
      '10,000 cycles: handles, timers, listeners, descriptors as before, heap below 100 bytes per cycle',
    world: 'real sockets',
    needs: undefined,
    timed: true,
    run: async (size) => {
      const figure = await leakCheck(size === 'short' ? 100 : 10_000)
      const kinds = ['handles', 'timers', 'listeners', 'descriptors'] as const
      const grown = kinds.filter((kind) => figure[kind].after > figure[kind].before)
      const counts = kinds.map(
        (kind) => `${kind} ${String(figure[kind].after - figure[kind].before)}`,
      )
      const heap = figure.heapBytesPerCycle
      return {
        measured: `${digits(figure.cycles)} cycles, growth: ${counts.join(', ')}, heap ${String(heap)} bytes per cycle`,
        held: grown.length === 0 && heap !== undefined && heap < HEAP_BYTES_PER_CYCLE_MAX,
      }
    },
  },
  {
    id: 'B36',
    sentence:
      'A reload of a large table does not keep the event loop, whether the node takes it or rejects it',
    target: '10,000 links: at most 100 ms of work between two turns of the loop',
    world: 'processes',
    needs: undefined,
    timed: true,
    run: async (size) => {
      const links = size === 'short' ? 200 : 10_000
      const { longestMs, reloads, worst } = await reloadStall(links)
      return {
        measured: `${digits(longestMs)} ms (${worst}), ${digits(links)} links, ${digits(reloads)} reloads`,
        held: longestMs <= RELOAD_WORK_MS_MAX,
      }
    },
  },
]
