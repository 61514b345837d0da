import type { ConfigProblem, NodeConfig, Transport } from '@commloop/core'

/** Links that rely on `unacknowledgedMax`, although the transport cannot tell on this system what is unacknowledged. */
export function acknowledgementWarning(
  { entries }: Pick<NodeConfig, 'entries'>,
  { tellsUnacknowledged }: Pick<Transport, 'tellsUnacknowledged'>,
): ConfigProblem[] {
  if (tellsUnacknowledged !== false) return []
  const reliant = entries.find(({ enabled, settings }) => {
    return enabled && settings.unacknowledgedMs > 0 && settings.silenceMs === 0
  })
  if (reliant === undefined) return []
  const message =
    `has no effect on this system, so "${reliant.id}" may not notice a cut cable for many minutes. Set "heartbeat" or ` +
    '"silence", or "unacknowledgedMax: 0" to accept it'
  return [{ path: ['unacknowledgedMax'], message }]
}
