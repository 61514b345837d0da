import type { ErrorCode } from '@commloop/core'
import type { ConfigSource } from '../find/find-config.js'
import type { Environment, FileFacts } from '../load/checked-file.js'
import type { Diagnostic } from '../read/diagnostic.js'
import type { FileProblem } from '../read/file-problem.js'

/** What the thread of the node asks the reading thread. One question at a time. */
export type ReadingQuestion =
  | { readonly ask: 'check'; readonly source: ConfigSource; readonly env: Environment }
  /** The diagnostics of that source. */
  | { readonly ask: 'diagnose'; readonly further: readonly FileProblem[] }

export type ReadingAnswer =
  | { readonly answer: 'checked'; readonly facts: FileFacts }
  | { readonly answer: 'diagnosed'; readonly diagnostics: readonly Diagnostic[] }
  | { readonly answer: 'failed'; readonly code: ErrorCode | undefined; readonly message: string }
