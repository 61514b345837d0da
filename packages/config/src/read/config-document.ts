import { type ErrorCode, pathText } from '@commloop/core'
import {
  type Document,
  isMap,
  isScalar,
  type Node as YamlNode,
  parseDocument,
  Scalar,
  visit,
  type YAMLError,
} from 'yaml'
import { fillPlaces, shieldPlaces, unshieldPlaces } from './environment-text.js'
import type { ConfigSource } from '../find/find-config.js'
import type { ConfigPath } from './config-path.js'
import { pathOfNode, placeOfPath } from './yaml-position.js'
import type { PlacedProblem } from './diagnostic.js'

/** Many names for one long list would unfold to more than the memory holds ("billion laughs"). */
const ALIAS_COUNT_MAX = 50

/** The rest of the text is understood all the same, so that other mistakes can be told too. */
const TOLERATED_ERRORS: ReadonlySet<string> = new Set(['DUPLICATE_KEY', 'TAG_RESOLVE_FAILED'])

const PARSE_OPTIONS = {
  uniqueKeys: true,
  schema: 'core',
  logLevel: 'error', // 'silent' would pass over a second document
  prettyErrors: false,
} as const

/** A configuration file that was parsed, and that knows where each of its values stands. */
export class ConfigDocument {
  /** What the file says, with the environment filled in; undefined: the text is unusable. */
  readonly data: unknown
  /** Mistakes of the text itself: syntax, keys written twice, the environment. */
  readonly problems: readonly PlacedProblem[]
  /** Values that the environment could not complete: told already, and no use to look at. */
  readonly incompletePaths: readonly ConfigPath[]

  readonly #source: ConfigSource
  readonly #document: Document
  readonly #root: YamlNode | null

  constructor(source: ConfigSource, env: Readonly<Record<string, string | undefined>>) {
    this.#source = source
    this.#document = parseDocument(shieldPlaces(source.text), PARSE_OPTIONS)
    this.#root = this.#findRoot()
    const { problems, fatal } = this.#syntaxProblems()
    this.incompletePaths = fatal ? [] : this.#fillEnvironment(env, problems)
    this.data = fatal ? undefined : this.#read(problems)
    this.problems = problems
  }

  /** A problem with the value that the path names; where it is missing, shown at what is nearest. */
  problemAt(code: ErrorCode, path: ConfigPath, message: string): PlacedProblem {
    const offset = placeOfPath(this.#document, this.#root, path, 'value')
    return this.#placed(code, offset, path, message)
  }

  /** A problem with the key itself. */
  problemAtKey(code: ErrorCode, path: ConfigPath, message: string): PlacedProblem {
    const offset = placeOfPath(this.#document, this.#root, path, 'key')
    return this.#placed(code, offset, path, message)
  }

  #findRoot(): YamlNode | null {
    const { contents } = this.#document
    if (!this.#source.underPackageKey) return contents
    if (!isMap(contents)) return null
    return (contents.get('commloop', true) as YamlNode | undefined) ?? null
  }

  #read(problems: PlacedProblem[]): unknown {
    if (this.#root === null || (isScalar(this.#root) && this.#root.value === null)) {
      const message = 'the configuration is empty. `commloop init` writes one to begin with'
      problems.push(this.problemAt('CML_ERR_CONFIG_INVALID', [], message))
      return undefined
    }
    try {
      const data: unknown = this.#root.toJS(this.#document, { maxAliasCount: ALIAS_COUNT_MAX })
      JSON.stringify(data) // throws where an alias stands inside of what it names
      return data
    } catch {
      const message =
        'aliases (*name) contain themselves, or unfold to more than a configuration can be'
      problems.push(this.problemAt('CML_ERR_CONFIG_INVALID', [], message))
      return undefined
    }
  }

  /** Of the errors of syntax only the first is sure, the others may follow from it. Double keys stand alone. */
  #syntaxProblems(): { problems: PlacedProblem[]; fatal: boolean } {
    const errors = [...this.#document.errors, ...this.#document.warnings].filter((error) =>
      this.#concernsUs(error),
    )
    const fatal = errors.find((error) => !TOLERATED_ERRORS.has(error.code))
    const shown = errors.filter((error) => error === fatal || TOLERATED_ERRORS.has(error.code))
    const problems = shown.map((error) =>
      this.#placed('CML_ERR_CONFIG_INVALID', error.pos[0], [], this.#syntaxText(error)),
    )
    return { problems, fatal: fatal !== undefined }
  }

  /** What npm or others keep in the same file is not our business, as long as it can be parsed. */
  #concernsUs(error: YAMLError): boolean {
    if (!this.#source.underPackageKey || !TOLERATED_ERRORS.has(error.code)) return true
    const range = this.#root?.range
    return !range || (error.pos[0] >= range[0] && error.pos[0] < range[1])
  }

  #syntaxText(error: YAMLError): string {
    switch (error.code) {
      case 'DUPLICATE_KEY':
        return `the key "${this.#wordAt(error.pos[0])}" is written twice`
      case 'TAB_AS_INDENT':
        return 'a tab cannot indent; use blanks'
      case 'MULTIPLE_DOCS':
        return 'a second document begins here; a configuration is one document'
      case 'RESOURCE_EXHAUSTION':
        return 'nested too deeply'
      case 'TAG_RESOLVE_FAILED':
        return 'tags (!name) mean nothing in a configuration'
      default:
        return `neither YAML nor JSON: ${unshieldPlaces(error.message)}`
    }
  }

  #wordAt(offset: number): string {
    const text = this.#source.text.slice(offset, offset + 80)
    return /^["']?([^"'\s:,]+)/.exec(text)?.[1] ?? text
  }

  #fillEnvironment(
    env: Readonly<Record<string, string | undefined>>,
    problems: PlacedProblem[],
  ): ConfigPath[] {
    const incomplete: ConfigPath[] = []
    if (this.#root === null) return incomplete
    // JSON cannot write a place without quotes, so there even a quoted one may become a number.
    const isJson = isMap(this.#root) && this.#root.flow === true
    visit(this.#root, {
      Scalar: (key, scalar, around) => {
        if (typeof scalar.value !== 'string') return
        const text = unshieldPlaces(scalar.value)
        scalar.value = text
        if (key === 'key') return
        const filled = fillPlaces(text, env)
        const mayBeNumber = filled.whole && (isJson || scalar.type === Scalar.PLAIN)
        scalar.value = mayBeNumber ? plainValue(filled.text) : filled.text
        if (filled.problems.length === 0) return
        const path = pathOfNode(around, scalar)
        incomplete.push(path)
        for (const problem of filled.problems) {
          const at = scalar.range?.[0] ?? 0
          problems.push(this.#placed('CML_ERR_CONFIG_INVALID', at, path, problem))
        }
      },
    })
    return incomplete
  }

  #placed(code: ErrorCode, offset: number, path: ConfigPath, message: string): PlacedProblem {
    const { text, name } = this.#source
    const before = text.slice(0, offset)
    const lineStart = before.lastIndexOf('\n') + 1
    const lineEnd = text.indexOf('\n', lineStart)
    const source = text.slice(lineStart, lineEnd === -1 ? undefined : lineEnd).replace(/\r$/, '')
    return {
      code,
      file: name,
      line: before.split('\n').length,
      column: offset - lineStart + 1,
      path: pathText(path),
      message,
      source: withoutKeys(source),
    }
  }
}

/** Mistakes are shown with their line, and lines go to logs: a key that stands in one must not. */
function withoutKeys(line: string): string {
  return line.replace(/(-----BEGIN [A-Z ]*PRIVATE KEY-----).*/, '$1…')
}

/** What a text would mean if it stood in the file without quotes: a number, true, false, or the text itself. */
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
