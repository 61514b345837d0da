import type { ConfigRequest, ConfigSource } from '../find/find-config.js'
import { ConfigDocument } from '../read/config-document.js'
import type { Diagnostic } from '../read/diagnostic.js'
import { DiagnosticList } from '../read/diagnostic-list.js'
import type { FileProblem } from '../read/file-problem.js'
import type { ConfigFile } from '../schema/schema.js'
import { checkFile } from './check-file.js'

/** A configuration file that was read and checked against the schema. Plain data, apart from `diagnostics`. */
export interface CheckedFile extends FileFacts {
  /** Every mistake in reading order: those of the text, those that the schema has found, and `further` ones. */
  diagnostics(further: readonly FileProblem[]): Promise<readonly Diagnostic[]>
}

export interface FileFacts {
  /** The absolute path. */
  readonly file: string
  readonly name: string
  readonly folder: string
  readonly warnings: readonly string[]
  /** Without what is wrong in it; undefined: the text is unusable. */
  readonly data: ConfigFile | undefined
  /** There is no mistake in it so far. */
  readonly isValid: boolean
}

export type Environment = ConfigRequest['env']

/** Parses and checks the text of a file, on this thread or on another one. */
export type SourceChecker = (source: ConfigSource, env: Environment) => Promise<CheckedFile>

/** On this thread, in one piece. */
export function checkSource(source: ConfigSource, env: Environment): CheckedFile {
  const { file, name, folder, warnings } = source
  const document = new ConfigDocument(source, env)
  const list = new DiagnosticList(document)
  const data = document.data === undefined ? undefined : checkFile(document, list)
  const diagnostics = (further: readonly FileProblem[]): Promise<readonly Diagnostic[]> => {
    list.report(further)
    return Promise.resolve(list.sorted())
  }
  return { file, name, folder, warnings, data, isValid: list.isEmpty, diagnostics }
}
