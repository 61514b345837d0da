import { CommloopError, type ErrorDetails, messageText, type StorageError } from '@commloop/core'

/** The storage has failed, which ends the journal. */
export function diskFailure(error: StorageError): CommloopError {
  if (error.kind === 'locked') {
    return new CommloopError('CML_ERR_JOURNAL_LOCKED', messageText(error), { cause: error })
  }
  if (error.kind === 'full') {
    return new CommloopError(
      'CML_ERR_JOURNAL_FULL',
      `journal: the disk has no room (${messageText(error)}); make room and start again`,
      { cause: error },
    )
  }
  return new CommloopError(
    'CML_ERR_JOURNAL_FAILED',
    `journal: the disk has failed (${messageText(error)}); check it, then start again`,
    { cause: error },
  )
}

/** Stored bytes are missing or have changed. */
export function damage(file: string, offset: number, problem: string): CommloopError {
  const details: ErrorDetails = { path: file, offset }
  return new CommloopError(
    'CML_ERR_JOURNAL_CORRUPT',
    `journal: ${file} is damaged at byte ${String(offset)}: ${problem}; restore the folder from a backup, or use another one`,
    { details },
  )
}

export function newerFormat(file: string, format: number, writer: string): CommloopError {
  return new CommloopError(
    'CML_ERR_JOURNAL_VERSION',
    `journal: ${file} has format ${String(format)}, which ${writer} has written; start that version`,
    { details: { path: file } },
  )
}
