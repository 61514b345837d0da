import type { Reason } from '../../contracts/reason.js'
import { messageText, systemCode } from '../../text/safe-text.js'

const RESET_BY_PEER: Reason = { code: 'reset-by-peer' }

/** Why a dial or a connection has failed. "reset by peer" says more than "read ECONNRESET" or "write ECONNRESET". */
export function failureReason(code: 'dial-failed' | 'connection-failed', error: Error): Reason {
  const isReset = systemCode(error) === 'ECONNRESET'
  return isReset ? RESET_BY_PEER : { code, detail: messageText(error) }
}
