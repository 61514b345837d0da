import type { FileProblem } from '../read/file-problem.js'

/** A part of the configuration that is not for the node but for the process around it, with its own rules. */
export interface Section<Value> {
  readonly value: Value
  readonly problems: readonly FileProblem[]
}
