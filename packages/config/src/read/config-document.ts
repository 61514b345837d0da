import { messageText, pathText } from '@commloop/core'
import {
  type Document,
  isMap,
  isScalar,
  LineCounter,
  type Node as YamlNode,
  parseDocument,
  Scalar,
  visit,
  type YAMLError,
} from 'yaml'
import { fillPlaceholders, shieldPlaceholders, unshieldPlaceholders } from './environment-text.js'
import type { ConfigSource } from '../find/find-config.js'
import type { ConfigPath } from './config-path.js'
import type { Diagnostic } from './diagnostic.js'
import type { FileProblem } from './file-problem.js'
import { SecretMask } from './secret-mask.js'
import { repeatedKeys, YamlIndex } from './yaml-index.js'
import { offsetOfPath } from './yaml-position.js'

/** Nested aliases of one long list could expand to more than the memory ("billion laughs"). */
const ALIAS_COUNT_MAX = 50

/** After these errors the rest of the text can still be read, so that its other mistakes are reported too. */
const TOLERATED_ERRORS: ReadonlySet<string> = new Set(['TAG_RESOLVE_FAILED'])

const PARSE_OPTIONS = {
  // `#repeatedKeys` looks for them: the parser compares each key with all before it.
  uniqueKeys: false,
  schema: 'core',
  logLevel: 'error', // 'silent' would ignore a second document
  prettyErrors: false,
} as const

/** A parsed configuration file that knows the positions of its values. */
export class ConfigDocument {
  /** The values of the file, with the environment filled in; undefined: the text is unusable. */
  readonly data: unknown
  /** Mistakes of the text itself: syntax, keys written twice, the environment. */
  readonly problems: readonly Diagnostic[]
  /** Values for which the environment lacks a variable. `problems` contains them, so they need no further check. */
  readonly incompletePaths: readonly ConfigPath[]

  readonly #source: ConfigSource
  readonly #document: Document
  readonly #root: YamlNode | null
  readonly #index = new YamlIndex()
  #lines: LineCounter | undefined
  #mask: SecretMask | undefined
  /** Lines that diagnostics have shown, by their offset: a JSON file may have all its mistakes in one line. */
  readonly #shownLines = new Map<number, string>()

  constructor(source: ConfigSource, env: Readonly<Record<string, string | undefined>>) {
    this.#source = source
    const text = source.encoding === undefined ? source.text : ''
    this.#document = parseDocument(shieldPlaceholders(text), PARSE_OPTIONS)
    this.#root = this.#findRoot()
    const { problems, fatal } = this.#textProblems()
    this.incompletePaths = fatal ? [] : this.#fillEnvironment(env, problems)
    this.data = fatal ? undefined : this.#read(problems)
    this.problems = problems
  }

  /** The problem with its position. A missing value is shown at the nearest value or key around it. */
  diagnostic(problem: FileProblem): Diagnostic {
    const want = problem.isKey === true ? 'key' : 'value'
    return this.#at(
      offsetOfPath(this.#document, this.#root, this.#index, problem.path, want),
      problem,
    )
  }

  #findRoot(): YamlNode | null {
    const { contents } = this.#document
    if (!this.#source.underPackageKey) return contents
    if (!isMap(contents)) return null
    return (contents.get('commloop', true) as YamlNode | undefined) ?? null
  }

  #read(problems: Diagnostic[]): unknown {
    if (this.#root === null || (isScalar(this.#root) && this.#root.value === null)) {
      const message = 'the configuration is empty. `commloop init` writes a first one'
      problems.push(this.diagnostic({ path: [], message }))
      return undefined
    }
    try {
      const data: unknown = this.#root.toJS(this.#document, { maxAliasCount: ALIAS_COUNT_MAX })
      JSON.stringify(data) // throws if an alias is inside the value that it refers to
      return data
    } catch {
      const message = 'aliases (*name) refer to themselves, or expand to too much data'
      problems.push(this.diagnostic({ path: [], message }))
      return undefined
    }
  }

  #textProblems(): { problems: Diagnostic[]; fatal: boolean } {
    const { encoding } = this.#source
    if (encoding === undefined) return this.#syntaxProblems()
    const { offset, message } = encoding
    return { problems: [this.#at(offset, { path: [], message })], fatal: true }
  }

  /** Only the first syntax error is certain: later ones may follow from it. Repeated keys are always reported. */
  #syntaxProblems(): { problems: Diagnostic[]; fatal: boolean } {
    const errors = [...this.#document.errors, ...this.#document.warnings].filter((error) =>
      this.#concernsUs(error),
    )
    const fatal = errors.find((error) => !TOLERATED_ERRORS.has(error.code))
    const shown = errors.filter((error) => error === fatal || TOLERATED_ERRORS.has(error.code))
    const problems = shown.map((error) =>
      this.#at(error.pos[0], { path: [], message: this.#syntaxText(error) }),
    )
    return { problems: [...problems, ...this.#repeatedKeys()], fatal: fatal !== undefined }
  }

  #repeatedKeys(): Diagnostic[] {
    const problems: Diagnostic[] = []
    if (this.#root === null) return problems
    visit(this.#root, {
      Map: (_key, map) => {
        for (const offset of repeatedKeys(map)) {
          const message = `duplicate key "${this.#wordAt(offset)}"`
          problems.push(this.#at(offset, { path: [], message }))
        }
      },
    })
    return problems
  }

  /** Other content of a `package.json` only has to be parseable. */
  #concernsUs(error: YAMLError): boolean {
    if (!this.#source.underPackageKey || !TOLERATED_ERRORS.has(error.code)) return true
    const range = this.#root?.range
    return !range || (error.pos[0] >= range[0] && error.pos[0] < range[1])
  }

  #syntaxText(error: YAMLError): string {
    switch (error.code) {
      case 'TAB_AS_INDENT':
        return 'tabs cannot be used for indentation; use spaces'
      case 'MULTIPLE_DOCS':
        return 'a second document starts here; a configuration is a single document'
      case 'RESOURCE_EXHAUSTION':
        return 'nested too deeply'
      case 'TAG_RESOLVE_FAILED':
        return 'tags (!name) are not supported in a configuration'
      default:
        return `neither YAML nor JSON: ${unshieldPlaceholders(messageText(error))}`
    }
  }

  #wordAt(offset: number): string {
    const text = this.#source.text.slice(offset, offset + 80)
    return /^["']?([^"'\s:,]+)/.exec(text)?.[1] ?? text
  }

  #fillEnvironment(
    env: Readonly<Record<string, string | undefined>>,
    problems: Diagnostic[],
  ): ConfigPath[] {
    const incomplete: ConfigPath[] = []
    if (this.#root === null) return incomplete
    // JSON requires quotes around a placeholder, so in JSON even a quoted one may become a number.
    const isJson = isMap(this.#root) && this.#root.flow === true
    visit(this.#root, {
      Scalar: (key, scalar, around) => {
        if (typeof scalar.value !== 'string') return
        const text = unshieldPlaceholders(scalar.value)
        scalar.value = text
        if (key === 'key') return
        const filled = fillPlaceholders(text, env)
        const mayBeNumber = filled.whole && (isJson || scalar.type === Scalar.PLAIN)
        scalar.value = mayBeNumber ? plainValue(filled.text) : filled.text
        if (filled.problems.length === 0) return
        const path = this.#index.pathOf(around, scalar)
        incomplete.push(path)
        for (const problem of filled.problems) {
          problems.push(this.#at(scalar.range?.[0] ?? 0, { path, message: problem }))
        }
      },
    })
    return incomplete
  }

  #at(offset: number, problem: FileProblem): Diagnostic {
    const { path, message, code = 'CML_ERR_CONFIG_INVALID' } = problem
    const { text, name } = this.#source
    this.#lines ??= lineCounterOf(text)
    const { line, col: column } = this.#lines.linePos(offset)
    this.#mask ??= new SecretMask(this.#document, text, this.#document.errors.length > 0)
    return {
      code,
      file: name,
      line,
      column,
      path: pathText(path),
      message: this.#mask.message(message),
      source: this.#shownLine(this.#mask, offset - column + 1),
    }
  }

  #shownLine(mask: SecretMask, from: number): string {
    const shown = this.#shownLines.get(from)
    if (shown !== undefined) return shown
    const { text } = this.#source
    const lineEnd = text.indexOf('\n', from)
    const line = text.slice(from, lineEnd === -1 ? undefined : lineEnd).replace(/\r$/, '')
    const masked = mask.line(withoutKeys(line), from)
    this.#shownLines.set(from, masked)
    return masked
  }
}

/** Not filled by the parser, which misses line ends in a text that it cannot parse. */
function lineCounterOf(text: string): LineCounter {
  const lines = new LineCounter()
  lines.addNewLine(0)
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) {
    lines.addNewLine(end + 1)
  }
  return lines
}

/** A diagnostic contains its line and may be logged: removes private keys from it. */
function withoutKeys(line: string): string {
  return line.replace(
    /(-----BEGIN [A-Z ]*PRIVATE KEY-----)(.*?)(?=-----END|$)/g,
    (_all, begin: string, rest: string) => begin + '*'.repeat(rest.length),
  )
}

/** The value that a text has in a file without quotes: a number, true, false, or the text itself. */
function plainValue(text: string): unknown {
  const document = parseDocument(text, PARSE_OPTIONS)
  const { contents } = document
  const isPlain =
    document.errors.length === 0 &&
    isScalar(contents) &&
    contents.type === Scalar.PLAIN &&
    contents.tag === undefined &&
    contents.anchor === undefined &&
    contents.value !== null
  return isPlain ? contents.value : text
}
