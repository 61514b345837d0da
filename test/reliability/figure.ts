/** `short`: a check in seconds, without a verdict on speed; `full`: the size of the target. */
export type Size = 'short' | 'full'

/** What a figure requires of the machine. If it is missing, the figure is reported as not measured. */
export type Need = 'network namespaces' | 'prlimit' | 'openssl' | 'the npm registry'

export interface Measurement {
  /** In the words of the table, with units. */
  readonly measured: string
  readonly held: boolean
}

/** One promise of the bar, and how it is measured. */
export interface Figure {
  readonly id: string
  readonly sentence: string
  readonly target: string
  /** What stands in for the world. */
  readonly world: 'none' | 'simulated' | 'real sockets' | 'namespaces' | 'processes'
  readonly needs: Need | undefined
  /** Whether the verdict hangs on the speed or the load of the machine; then only the full size gives one. */
  readonly timed: boolean
  readonly run: (size: Size) => Promise<Measurement>
}

/** A number for the table, with this many digits after the point. */
export function digits(value: number, count = 0): string {
  return value.toLocaleString('en', { minimumFractionDigits: count, maximumFractionDigits: count })
}

export function megabytes(bytes: number): string {
  return `${digits(bytes / 1e6, 1)} MB`
}
