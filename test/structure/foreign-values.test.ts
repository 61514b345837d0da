import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { codeUnder, packageFolders, textOf } from './source-tree.js'

/**
 * A thrown value becomes text only through `foreignText` and `messageText`, and data only through `foreignCopy`: its
 * getters, its `toString` and its causes may throw, and its text may have megabytes. Errors of commloop itself are checked
 * by `CommloopError.is` or are of a class of the package; these files read their `message`.
 */
const READ_OWN_ERRORS = new Set([
  'packages/cli/src/demo/run-demo.ts',
  'packages/cli/src/init/write-first-config.ts',
  'packages/cli/src/running-node/request-reload.ts',
  'packages/cli/src/stdio/stdin-sender.ts',
  'packages/config/src/load/check-plugins.ts',
  'packages/config/src/reload/reloader.ts',
  'packages/control/src/app/request-refused.ts',
  'packages/control/src/json/event-json.ts',
  'packages/fault-peer/src/script-player.ts',
])
/** Names of values that something else threw. */
const THROWN = /^(?:error|thrown|cause)$/
/** The simulator and the compliance suites run only in tests. */
const TEST_ONLY = /^packages\/testing\//

function isThrown(node: ts.Node): boolean {
  return ts.isIdentifier(node) && THROWN.test(node.text)
}

/** `String(error)`, `JSON.stringify(error)`, `${error}`, `'' + error`; and `error.message`, `error.stack`. */
function wayOfReading(node: ts.Node): string | undefined {
  if (ts.isCallExpression(node)) {
    const called = node.expression.getText()
    const [argument] = node.arguments
    if (!['String', 'JSON.stringify', 'inspect'].includes(called)) return undefined
    return argument !== undefined && isThrown(argument) ? `${called}()` : undefined
  }
  if (ts.isTemplateSpan(node)) return isThrown(node.expression) ? 'a template' : undefined
  if (!ts.isPropertyAccessExpression(node)) return undefined
  const { text } = node.name
  return ['message', 'stack'].includes(text) && isThrown(node.expression) ? text : undefined
}

function rawReadings(path: string, text: string): string[] {
  const found: string[] = []
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const visit = (node: ts.Node): void => {
    const way = wayOfReading(node)
    const ownError = way === 'message' && READ_OWN_ERRORS.has(path)
    if (way !== undefined && !ownError) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart())
      found.push(`${path}:${String(line + 1)} reads a thrown value by ${way}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

describe('a value that a plugin or the system threw', () => {
  it('becomes text only by the functions of core that never throw', () => {
    const paths = packageFolders()
      .flatMap((folder) => codeUnder(`packages/${folder}/src`))
      .filter((path) => !TEST_ONLY.test(path))
    expect(paths.length).toBeGreaterThan(100)
    expect(paths.flatMap((path) => rawReadings(path, textOf(path)))).toEqual([])
  })

  it.each([
    ['String(error)'],
    ['JSON.stringify(cause)'],
    ['`failed: ${error}`'],
    ['error.message'],
    ['thrown.stack'],
  ])('is noticed in %s', (text) => {
    expect(rawReadings('packages/core/src/made.ts', text)).toHaveLength(1)
  })
})
