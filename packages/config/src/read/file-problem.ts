import type { ErrorCode } from '@commloop/core'
import type { ConfigPath } from './config-path.js'

/** One mistake in a configuration file, by its path; see `Diagnostic` for its position in the text. */
export interface FileProblem {
  readonly path: ConfigPath
  /** What was expected and what was found. */
  readonly message: string
  /** Default: CML_ERR_CONFIG_INVALID. */
  readonly code?: ErrorCode
  /** true: the mistake is the key and not its value. */
  readonly isKey?: boolean
}
