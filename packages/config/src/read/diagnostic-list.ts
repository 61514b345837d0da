import type { ConfigDocument } from './config-document.js'
import type { ConfigPath } from './config-path.js'
import { type Diagnostic, inReadingOrder } from './diagnostic.js'
import type { FileProblem } from './file-problem.js'

/** Collects the mistakes of one file and finds their positions. Starts with those of the text itself. */
export class DiagnosticList {
  readonly #document: ConfigDocument
  readonly #diagnostics: Diagnostic[]
  readonly #settled: ConfigPath[]

  constructor(document: ConfigDocument) {
    this.#document = document
    this.#diagnostics = [...document.problems]
    this.#settled = [...document.incompletePaths]
  }

  /** Paths whose mistakes are reported; a further mistake inside them would be a consequence. */
  get settled(): readonly ConfigPath[] {
    return this.#settled
  }

  get isEmpty(): boolean {
    return this.#diagnostics.length === 0
  }

  /** Adds mistakes, except inside settled paths. */
  report(problems: readonly FileProblem[]): void {
    for (const problem of problems) {
      if (this.#settled.some((path) => isWithin(problem.path, path))) continue
      this.#diagnostics.push(this.#document.diagnostic(problem))
    }
  }

  /** Later mistakes at or inside the paths of these problems are not reported. */
  settle(problems: readonly FileProblem[]): void {
    for (const { path } of problems) this.#settled.push(path)
  }

  sorted(): Diagnostic[] {
    return inReadingOrder(this.#diagnostics)
  }
}

function isWithin(path: ConfigPath, outer: ConfigPath): boolean {
  return outer.length <= path.length && outer.every((key, at) => path[at] === key)
}
