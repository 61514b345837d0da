import type { FileProblem } from '../read/file-problem.js'

/** A part of the configuration for the process that runs the node, with its own rules. */
export interface Section<Value> {
  readonly value: Value
  readonly problems: readonly FileProblem[]
}
