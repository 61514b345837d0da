import type { Reason } from '../contracts/reason.js'

/** Such a dial sends nothing, and a standby must dial soon after it has taken over the address. */
const SOURCE_DELAY_MS_MAX = 2_000

/** Why a dial failed, if this machine does not have its source address; undefined: it failed for another reason. */
export function missingSource(bind: string | undefined, error: Error): Reason | undefined {
  if (bind === undefined || !('code' in error) || error.code !== 'EADDRNOTAVAIL') return undefined
  const detail = `this machine does not have the address ${bind} of "bind", and waits for it`
  return { code: 'dial-failed', detail }
}

/**
 * The delay until the next dial. The link does not give up: the peer was not asked, and the address comes with a lease
 * or a failover.
 *
 * @param answer the delay that the reconnect strategy gives, or its decision to give up
 */
export function sourceDelayMs(answer: number | undefined): number {
  const usable = typeof answer === 'number' && answer >= 0
  return usable ? Math.min(answer, SOURCE_DELAY_MS_MAX) : SOURCE_DELAY_MS_MAX
}
