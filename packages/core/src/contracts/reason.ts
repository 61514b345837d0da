/**
 * Every reason that commloop itself has for ending a connection, a copy, a message or a dial, or for refusing a
 * connection, with its text for people. Programs compare the code; the text may change.
 *
 * A reason may carry a detail: text that a peer, a plugin or the operating system has chosen. It follows the text after
 * a colon, or stands alone if the text is empty. A detail never becomes a metric label.
 */
export const REASON_TEXTS = {
  'peer-closed': 'peer closed',
  'connection-failed': '',
  'dial-failed': '',
  'protocol-error': 'protocol error',
  'partial-frame': 'partial frame',
  silence: 'silence',
  'write-stall': 'write stall',
  reconfigured: 'reconfigured',
  replaced: 'replaced',
  removed: 'removed',
  disabled: 'disabled',
  stopped: 'stopped',
  ttl: 'ttl',
  epoch: 'epoch',
  'outbox-full': 'outbox full',
  'unconfirmed-at-loss': 'unconfirmed at loss',
  'not-in-table': 'not in the table',
  'only-active': 'only in active entries',
  'router-drop': '',
} as const

export type ReasonCode = keyof typeof REASON_TEXTS

export interface Reason {
  readonly code: ReasonCode
  /** Text that a peer, a plugin or the operating system chose, for people only. Absent if the code says everything. */
  readonly detail?: string
}

/** A reason as people read it: `protocol error: length 70000 exceeds 65535`. */
export function reasonText({ code, detail }: Reason): string {
  const text = REASON_TEXTS[code]
  if (detail === undefined) return text
  return text === '' ? detail : `${text}: ${detail}`
}
