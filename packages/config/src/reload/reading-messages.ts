import type { ErrorCode } from '@commloop/core'
import type { ConfigRequest } from '../find/find-config.js'
import type { FileFacts } from '../load/checked-file.js'
import type { Diagnostic } from '../read/diagnostic.js'
import type { FileProblem } from '../read/file-problem.js'

/** What the thread of the node asks the reading thread. One question at a time. */
export type ReadingQuestion =
  | { readonly ask: 'read'; readonly request: ConfigRequest }
  /** The diagnostics of the file that was read. */
  | { readonly ask: 'diagnose'; readonly further: readonly FileProblem[] }

export type ReadingAnswer =
  | { readonly answer: 'read'; readonly facts: FileFacts }
  | { readonly answer: 'diagnosed'; readonly diagnostics: readonly Diagnostic[] }
  | { readonly answer: 'failed'; readonly code: ErrorCode | undefined; readonly message: string }
