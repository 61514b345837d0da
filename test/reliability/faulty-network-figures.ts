import { connectDeadlineFigure, detectionFigure, type Hole } from '../netns/half-open-figures.js'
import { IsolatedNetwork } from '../netns/isolated-network.js'
import { silentNamesFigure } from '../netns/silent-names-figure.js'
import { silentPeersFigure } from '../netns/silent-peers-figure.js'
import { digits, type Figure, type Size } from './figure.js'

const HEARTBEAT_MS: Readonly<Record<Size, number>> = { short: 200, full: 500 }
const CASES: readonly { readonly hole: Hole; readonly inFlight: boolean }[] = [
  { hole: 'both ways', inFlight: false },
  { hole: 'both ways', inFlight: true },
  { hole: 'near to far', inFlight: false },
  { hole: 'far to near', inFlight: true },
]
/** Time to cut the cable, and until the log line about the loss has arrived through a pipe. */
const MEASURING_MS = 50
const DIAL_TIMEOUT_MS = 2_000
const SILENT_NAMES = 20
const GOOD_NAME_MS_MAX = 1_000
const SILENT_PEERS = 640
const RESTARTS = 5

async function withNetwork<Result>(use: (network: IsolatedNetwork) => Promise<Result>) {
  const network = await IsolatedNetwork.open()
  try {
    return await use(network)
  } finally {
    network.close()
  }
}

export const FAULTY_NETWORK_FIGURES: readonly Figure[] = [
  {
    id: 'B11',
    sentence:
      'A half-open connection is detected, idle or with data in flight, also if only one direction fails',
    target:
      'both sides within 3 heartbeats of 0.5 s, plus 50 ms to make the hole and to receive the report',
    world: 'namespaces',
    needs: 'network namespaces',
    timed: true,
    run: (size) =>
      withNetwork(async (network) => {
        const heartbeatMs = HEARTBEAT_MS[size]
        const cases = size === 'short' ? CASES.slice(1, 2) : CASES
        const tookMs: number[] = []
        for (const each of cases) {
          const figure = await detectionFigure(network, { ...each, heartbeatMs })
          tookMs.push(figure.nearMs, figure.farMs)
        }
        const slowestMs = Math.max(...tookMs)
        const beats = digits(slowestMs / heartbeatMs, 2)
        return {
          measured: `${digits(slowestMs)} ms, ${beats} heartbeats, the slowest of ${String(tookMs.length)}`,
          held: slowestMs <= 3 * heartbeatMs + MEASURING_MS,
        }
      }),
  },
  {
    id: 'B12',
    sentence: 'A dial into a black hole fails at its own deadline',
    target: `${digits(DIAL_TIMEOUT_MS)} ms ± 10 %`,
    world: 'namespaces',
    needs: 'network namespaces',
    timed: true,
    run: (size) =>
      withNetwork(async (network) => {
        const timeoutMs = size === 'short' ? 500 : DIAL_TIMEOUT_MS
        const { tookMs } = await connectDeadlineFigure(network, timeoutMs)
        const held = Math.abs(tookMs - timeoutMs) <= timeoutMs / 10
        return { measured: `${digits(tookMs)} ms of ${digits(timeoutMs)} ms`, held }
      }),
  },
  {
    id: 'B31',
    sentence: 'Names that a name server does not answer do not delay a name that it answers',
    target: 'with 20 silent names before it in the table, the good name is dialled within 1,000 ms',
    world: 'namespaces',
    needs: 'network namespaces',
    timed: true,
    run: async (size) => {
      const silent = size === 'short' ? 3 : SILENT_NAMES
      const { dialledMs, failedBefore } = await silentNamesFigure(silent)
      return {
        measured: `${digits(dialledMs)} ms, ${digits(silent)} silent names`,
        held: failedBefore === 0 && dialledMs <= GOOD_NAME_MS_MAX,
      }
    },
  },
  {
    id: 'B40',
    sentence: 'Peers that do not answer do not delay the redial of a peer that was well',
    target: 'with 640 silent peers in the table, up again within twice its backoff + 1,000 ms',
    world: 'namespaces',
    needs: 'network namespaces',
    timed: true,
    run: (size) =>
      withNetwork(async (network) => {
        const [silent, restarts] = size === 'short' ? [100, 1] : [SILENT_PEERS, RESTARTS]
        const { upAfterMs, delayMsMax } = await silentPeersFigure(network, { silent, restarts })
        const slowestMs = Math.max(...upAfterMs)
        return {
          measured: `${digits(slowestMs)} ms, the slowest of ${digits(restarts)}; backoff up to ${digits(delayMsMax)} ms, ${digits(silent)} silent peers`,
          held: slowestMs <= 2 * delayMsMax + 1_000,
        }
      }),
  },
]
