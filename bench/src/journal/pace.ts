import { performance } from 'node:perf_hooks'
import type { OpenStore, Store } from './store.js'

const TIMES = 4_096

/** How a store did with a number of records in flight. */
export interface Pace {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly processorMicroseconds: number
}

/** Keeps `inFlight` records of `bytes` waiting for the disk, for `seconds`. */
export async function paceOf(
  open: OpenStore,
  folder: string,
  inFlight: number,
  bytes: number,
  seconds: number,
): Promise<Pace> {
  const payload = Buffer.alloc(bytes, 7)
  const begun = new Float64Array(TIMES)
  const latencies: number[] = []
  const opened: { store?: Store } = {}
  let entered = 0
  let told = 0
  let isRunning = true
  let isCounting = false
  const fill = (): void => {
    while (isRunning && opened.store !== undefined && entered - told < inFlight) {
      entered = opened.store.enter(payload)
      begun[entered % TIMES] = performance.now()
    }
  }
  const store = await open(folder, (ticket) => {
    const nowMs = performance.now()
    for (let next = told + 1; next <= ticket && isCounting; next++) {
      latencies.push(nowMs - (begun[next % TIMES] ?? nowMs))
    }
    told = ticket
    if (told > inFlight) opened.store?.leave(told - inFlight)
    setImmediate(fill)
  })
  opened.store = store
  fill()
  await sleep(500)
  isCounting = true
  const startMs = performance.now()
  const startCpu = process.cpuUsage()
  await sleep(seconds * 1_000)
  const tookMs = performance.now() - startMs
  const { user, system } = process.cpuUsage(startCpu)
  isCounting = false
  isRunning = false
  await store.close()
  latencies.sort((left, right) => left - right)
  const at = (part: number): number => latencies[Math.floor(latencies.length * part)] ?? 0
  return {
    perSecond: (latencies.length * 1_000) / tookMs,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    processorMicroseconds: (user + system) / latencies.length,
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
