/** Everything that `commloop check --with` can find. `docs/doctor.md` has a line for each. */
export const FIT_FINDINGS = [
  'not-named',
  'both-active',
  'both-passive',
  'nobody-dials',
  'not-listening',
  'port-differs',
  'address-differs',
  'not-admitted',
  'slots-few',
  'codec-differs',
  'payload-limit-differs',
  'heartbeat-unknown',
  'silence-unfed',
  'tls-one-side',
  'identity-unproved',
] as const

export type FitCode = (typeof FIT_FINDINGS)[number]

/** One reason why two tables do not fit. */
export interface FitFinding {
  readonly finding: FitCode
  /** The entries in question, with their nodes: `north: south-out`. */
  readonly about: readonly string[]
  readonly message: string
}

/** The same, where what it is about is known to the caller: the two sides of one link. */
export type SettingFinding = Omit<FitFinding, 'about'>
