import { CommloopError, type ErrorCode } from '@commloop/core'

export type ErrorStatus = 400 | 404 | 409 | 413 | 500 | 503

/** Answers with another status than 409. */
const STATUSES: Readonly<Partial<Record<ErrorCode, ErrorStatus>>> = {
  CML_ERR_INPUT_INVALID: 400,
  CML_ERR_CONFIG_INVALID: 400,
  CML_ERR_LINK_AMBIGUOUS: 400,
  CML_ERR_LINK_UNKNOWN: 404,
  CML_ERR_PAYLOAD_TOO_LARGE: 413,
}

/** A request that the API does not take. */
export class RequestRefused extends CommloopError {
  readonly status: ErrorStatus

  constructor(status: ErrorStatus, message: string) {
    super('CML_ERR_CONTROL_REFUSED', message)
    this.status = status
  }
}

export function statusOf(error: CommloopError): ErrorStatus {
  if (error instanceof RequestRefused) return error.status
  return STATUSES[error.code] ?? 409
}
