/**
 * Every reason for which commloop ends a connection, a copy, a message or a dial, or refuses a connection, with its
 * text for people. Programs compare the code; the text may change.
 *
 * A reason may have a detail: names, numbers, or text of a peer, a plugin or the operating system. The detail follows
 * the text after a colon (after a semicolon if it is only a guess), or is the whole text if the text of the code is
 * empty.
 */
export const REASON_TEXTS = {
  'peer-closed': 'peer closed',
  'reset-by-peer': 'reset by peer',
  'connection-failed': '',
  'dial-failed': '',
  'self-connection': 'connected to itself',
  'protocol-error': 'protocol error',
  'frame-truncated': '',
  'partial-frame': 'partial frame',
  silence: 'silence',
  'not-ready': 'not ready',
  'not-opened': 'not opened',
  'opening-timeout': 'opening timeout',
  'opening-ended': 'opening ended',
  'opening-early': 'message before the end of the opening',
  'opening-flood': 'opening too large',
  'opening-threw': 'opening threw',
  'write-stall': 'write stall',
  unacknowledged: 'not acknowledged',
  operator: 'operator',
  reconfigured: 'reconfigured',
  'fail-back': 'back to the first address',
  'gave-way': 'no answer within 1s, and other links waited for their turn to dial',
  replaced: 'replaced',
  removed: 'removed',
  disabled: 'disabled',
  stopped: 'stopped',
  ttl: 'ttl',
  epoch: 'epoch',
  codec: 'codec',
  'outbox-full': 'outbox full',
  'link-down': 'link down',
  'peer-gone': 'peer gone',
  'unconfirmed-at-loss': 'unconfirmed at loss',
  'not-in-table': 'not in the table',
  'name-unresolved': 'not in the table, which has names without an address',
  'only-active': 'only in active entries',
  'other-listener': 'only through another listener',
  'address-unknown': 'address unknown',
  'slots-full': 'full',
  'hold-down': 'hold-down',
  'no-identity': 'no identity',
  'identity-not-in-table': 'identity not in the table',
  'transport-refused': '',
  probe: 'health probe',
  stopping: 'stopping',
  'router-drop': '',
  'router-threw': 'router threw',
  'router-no-link': 'router named no link',
  'router-bad-delay': '',
  'router-promised-twice': 'router promised a promise',
  'router-late': 'router late',
  'deferred-too-long': 'deferred too long',
  'routing-full': 'routing full',
  'payload-too-large': '',
  'link-unknown': '',
  'link-ambiguous': '',
  'no-link-up': '',
} as const

/** The code of a reason, for programs. */
export type ReasonCode = keyof typeof REASON_TEXTS

/** Why something has ended or was refused. `reasonText` makes its text. */
export interface Reason {
  readonly code: ReasonCode
  /** Text that a peer, a plugin or the operating system chose, for people only. Absent if the code says everything. */
  readonly detail?: string
}

/**
 * Reasons whose text is complete without a detail. Their detail is a guess at what the peer speaks instead, so it is an
 * addition and not an explanation.
 */
const DIAGNOSED: ReadonlySet<ReasonCode> = new Set(['silence', 'partial-frame'])

/** A reason as people read it: `protocol error: length 70000 exceeds 65535`. */
export function reasonText({ code, detail }: Reason): string {
  const text = REASON_TEXTS[code]
  if (detail === undefined) return text
  if (text === '') return detail
  return `${text}${DIAGNOSED.has(code) ? ';' : ':'} ${detail}`
}

/** A reason as events carry it: the text for people, and the data for programs. */
export interface ReasonFields {
  readonly reason: string
  readonly code: ReasonCode
  readonly detail?: string
}

/** The fields by which events carry a reason. */
export function reasonFields(reason: Reason): ReasonFields {
  const { code, detail } = reason
  const text = reasonText(reason)
  return detail === undefined ? { reason: text, code } : { reason: text, code, detail }
}
