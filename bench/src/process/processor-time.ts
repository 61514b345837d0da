import { readdirSync, readFileSync } from 'node:fs'

/** The unit in which Linux counts CPU time. */
const TICKS_PER_SECOND = 100
/** Fields of /proc/stat after `cpu`: user nice system idle iowait irq softirq steal. These two are not busy: */
const IDLE_FIELDS = new Set([3, 4])

interface ProcessTime {
  readonly parent: number
  readonly ticks: number
}

/** CPU time of other processes: all busy time, minus that of this process and its descendants. */
export class ForeignTime {
  #busyTicks = 0
  #ownTicks = new Map<number, number>()
  #atMs = 0

  constructor() {
    this.take()
  }

  /** @returns the mean number of CPUs that other processes kept busy since the last call; NaN without /proc */
  take(): number {
    const elapsedMs = performance.now() - this.#atMs
    const busy = busyTicks()
    const own = ownTicks(process.pid)
    let ownDelta = 0
    for (const [pid, ticks] of own) ownDelta += ticks - (this.#ownTicks.get(pid) ?? 0)
    const foreign = busy - this.#busyTicks - ownDelta
    this.#busyTicks = busy
    this.#ownTicks = own
    this.#atMs = performance.now()
    return Math.max(0, foreign / TICKS_PER_SECOND / (elapsedMs / 1000))
  }
}

function busyTicks(): number {
  try {
    const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
    const ticks = line.split(/\s+/).slice(1, 9).map(Number)
    return ticks.reduce((sum, each, field) => (IDLE_FIELDS.has(field) ? sum : sum + each), 0)
  } catch {
    return Number.NaN
  }
}

/** The ticks of a process and its descendants, by process. */
function ownTicks(root: number): Map<number, number> {
  const times = processTimes()
  const own = new Map<number, number>()
  for (const [pid, { ticks }] of times) if (descends(pid, root, times)) own.set(pid, ticks)
  return own
}

function descends(pid: number, root: number, times: ReadonlyMap<number, ProcessTime>): boolean {
  for (let at = pid; at > 1; at = times.get(at)?.parent ?? 0) if (at === root) return true
  return false
}

function processTimes(): Map<number, ProcessTime> {
  const times = new Map<number, ProcessTime>()
  for (const name of processNames()) {
    const time = processTime(name)
    if (time !== undefined) times.set(Number(name), time)
  }
  return times
}

function processNames(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}

/** undefined if the process has ended. */
function processTime(pid: string): ProcessTime | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is a name in parentheses, which may contain anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }
  } catch {
    return undefined
  }
}

/** CPU time that this process has used so far. */
export function processCpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
