/**
 * Every finding of `commloop doctor`, with its weight. `wrong`: it prevents a link from being up, now or later. `notice`:
 * it is a risk, or a person must judge it. `docs/doctor.md` has a line for each.
 */
export const DOCTOR_FINDINGS = {
  'config-problem': 'wrong',
  'config-warning': 'notice',
  'descriptors-few': 'wrong',
  'memory-small': 'notice',
  'port-used': 'wrong',
  'port-privileged': 'wrong',
  'listen-address-foreign': 'wrong',
  'listen-port-ephemeral': 'notice',
  'bind-address-foreign': 'wrong',
  'name-unresolved': 'wrong',
  'name-service-silent': 'wrong',
  'dials-itself': 'wrong',
  'dial-port-ephemeral': 'notice',
  'peer-unreachable': 'wrong',
  'peer-hangs-up': 'wrong',
  'peer-framing': 'wrong',
  'entry-absent': 'wrong',
  'link-down': 'wrong',
  'link-not-ready': 'notice',
  'opening-failed': 'wrong',
  'peer-swallows': 'wrong',
  'link-exhausted': 'wrong',
  stranger: 'notice',
  'address-nearly-matches': 'wrong',
} as const satisfies Readonly<Record<string, 'wrong' | 'notice'>>

export type DoctorCode = keyof typeof DOCTOR_FINDINGS

/** One problem or risk. The shape of `doctor --json`: new keys may be added, none are removed. */
export interface DoctorFinding {
  readonly finding: DoctorCode
  readonly weight: 'wrong' | 'notice'
  /** A key of the configuration, an entry or a link; null: the configuration as a whole. */
  readonly about: string | null
  readonly message: string
  /** What to do. */
  readonly advice: string
}

export function doctorFinding(
  finding: DoctorCode,
  about: string | null,
  message: string,
  advice: string,
): DoctorFinding {
  return { finding, weight: DOCTOR_FINDINGS[finding], about, message, advice }
}
