import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** The root of the repository, with a slash at the end. */
export const ROOT = new URL('../../', import.meta.url)

/** Folders with generated or third-party files. */
const SKIPPED = new Set(['node_modules', 'dist', 'coverage'])

export function textOf(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8')
}

/** The path of a file of the repository on this machine. */
export function pathOf(path: string): string {
  return fileURLToPath(new URL(path, ROOT))
}

/** All files under a folder, as paths from the root, in a fixed order. Folders that begin with a dot are skipped. */
export function filesUnder(folder = ''): string[] {
  const at = folder === '' ? ROOT : new URL(`${folder}/`, ROOT)
  return readdirSync(at, { withFileTypes: true })
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (!entry.isDirectory()) return [path]
      return SKIPPED.has(entry.name) || entry.name.startsWith('.') ? [] : filesUnder(path)
    })
}

/** The folders of `packages/`. */
export function packageFolders(): string[] {
  const folders = readdirSync(new URL('packages/', ROOT), { withFileTypes: true })
  return folders.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
}

/** TypeScript and JavaScript files under a folder. */
export function codeUnder(folder: string): string[] {
  return filesUnder(folder).filter((path) => /\.(ts|js|mjs)$/.test(path))
}

function parsed(path: string): ts.SourceFile {
  return ts.createSourceFile(path, textOf(path), ts.ScriptTarget.Latest, true)
}

/** A module that a file imports or re-exports, by `import`, `export … from` or `import()`. */
export interface ImportOf {
  readonly path: string
  readonly module: string
  readonly names: readonly string[]
}

export function importsOf(path: string): ImportOf[] {
  const found: ImportOf[] = []
  const visit = (node: ts.Node): void => {
    const module = moduleOf(node)
    if (module !== undefined) found.push({ path, module, names: namesOf(node) })
    ts.forEachChild(node, visit)
  }
  visit(parsed(path))
  return found
}

function moduleOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    const { moduleSpecifier } = node
    return moduleSpecifier && ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : undefined
  }
  if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.ImportKeyword) {
    return undefined
  }
  const [argument] = node.arguments
  return argument !== undefined && ts.isStringLiteral(argument) ? argument.text : undefined
}

function namesOf(node: ts.Node): string[] {
  const clause = ts.isImportDeclaration(node)
    ? node.importClause?.namedBindings
    : ts.isExportDeclaration(node)
      ? node.exportClause
      : undefined
  if (clause === undefined) return []
  if (!ts.isNamedImports(clause) && !ts.isNamedExports(clause)) return []
  return clause.elements.map((element) => (element.propertyName ?? element.name).text)
}

/** A global name that a file uses without importing it. */
export interface GlobalUse {
  readonly path: string
  readonly line: number
  readonly name: string
}

/** The places at which a file uses one of these globals as a value, not in comments, types or as a member name. */
export function globalUses(path: string, globals: ReadonlySet<string>): GlobalUse[] {
  const file = parsed(path)
  const found: GlobalUse[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return
    if (ts.isIdentifier(node) && globals.has(node.text) && isFree(node)) {
      const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1
      found.push({ path, line, name: node.text })
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

/** Not a member, and not the name of a declaration. Of `Math` only `random` counts. */
function isFree(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) {
    if (parent.name === node) return false
    return node.text !== 'Math' || parent.name.text === 'random'
  }
  return !('name' in parent && parent.name === node)
}
