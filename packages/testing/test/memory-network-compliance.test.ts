import type { MemoryNetworkOptions } from '../src/index.js'
import { ManualClock, MemoryNetwork, SeededRandom } from '../src/index.js'
import { type TransportHosts, transportCompliance } from '../src/compliance/index.js'

const NEAR = '10.0.0.1'
const FAR = '10.0.0.2'
const SILENT = { ip: '10.0.0.3', port: 8000 }

function hostsOf(options: MemoryNetworkOptions = {}): TransportHosts {
  const clock = new ManualClock()
  const network = new MemoryNetwork(clock, new SeededRandom('compliance'), options)
  network.part(NEAR, SILENT.ip)
  return {
    dialing: network.host(NEAR),
    listening: network.host(FAR),
    ip: FAR,
    bind: NEAR,
    wait(ms) {
      if (ms === 0) clock.runNext()
      else clock.advance(ms)
    },
  }
}

transportCompliance('memory', hostsOf, { silence: () => SILENT })
transportCompliance(
  'memory, slow and in pieces',
  () => hostsOf({ latencyMs: { min: 1, max: 7 }, split: 0.3 }),
  {
    silence: () => SILENT,
  },
)
