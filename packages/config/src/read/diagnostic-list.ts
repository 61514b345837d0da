import type { ConfigDocument } from './config-document.js'
import type { ConfigPath } from './config-path.js'
import { type Diagnostic, inReadingOrder } from './diagnostic.js'
import type { FileProblem } from './file-problem.js'

/** Collects the mistakes of one file and finds their positions. Starts with those of the text itself. */
export class DiagnosticList {
  readonly #document: ConfigDocument
  readonly #diagnostics: Diagnostic[]
  readonly #settled: ConfigPath[] = []
  /** The same as texts: a file may have thousands of mistakes, and each is looked up. */
  readonly #settledKeys = new Set<string>()

  constructor(document: ConfigDocument) {
    this.#document = document
    this.#diagnostics = [...document.problems]
    for (const path of document.incompletePaths) this.#settle(path)
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
      if (this.#isSettled(problem.path)) continue
      this.#diagnostics.push(this.#document.diagnostic(problem))
    }
  }

  /** Later mistakes at or inside the paths of these problems are not reported. */
  settle(problems: readonly FileProblem[]): void {
    for (const { path } of problems) this.#settle(path)
  }

  sorted(): Diagnostic[] {
    return inReadingOrder(this.#diagnostics)
  }

  #settle(path: ConfigPath): void {
    this.#settled.push(path)
    this.#settledKeys.add(keyOf(path))
  }

  /** Whether the path, or a path around it, is settled. */
  #isSettled(path: ConfigPath): boolean {
    for (let length = 0; length <= path.length; length++) {
      if (this.#settledKeys.has(keyOf(path.slice(0, length)))) return true
    }
    return false
  }
}

function keyOf(path: ConfigPath): string {
  return JSON.stringify(path)
}
