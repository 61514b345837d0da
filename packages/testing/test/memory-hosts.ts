import {
  ManualClock,
  MemoryNetwork,
  type MemoryNetworkOptions,
  SeededRandom,
} from '../src/index.js'
import type { TransportHosts } from '../src/compliance/index.js'

const NEAR = '10.0.0.1'
/** Another address of the same host. */
const NEAR_TOO = '10.0.0.4'
const FAR = '10.0.0.2'
/** A host that `NEAR` cannot reach. */
export const SILENT = { ip: '10.0.0.3', port: 8000 }

/** Two hosts of an in-memory network, on virtual time. */
export function memoryHosts(
  options: MemoryNetworkOptions = {},
  clock = new ManualClock(),
): TransportHosts {
  const network = new MemoryNetwork(clock, new SeededRandom('compliance'), options)
  network.part(NEAR, SILENT.ip)
  return {
    dialing: network.host(NEAR),
    listening: network.host(FAR),
    ip: FAR,
    bind: NEAR_TOO,
    wait(ms) {
      if (ms === 0) clock.runNext()
      else clock.advance(ms)
    },
  }
}
