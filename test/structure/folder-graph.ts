import { posix } from 'node:path'
import { codeUnder, importsOf, textOf } from './source-tree.js'

/** An import from one folder of a package to another. */
export interface FolderImport {
  readonly from: string
  readonly to: string
  /** The file that imports, and what. */
  readonly text: string
}

/** The name of the folder `src` itself. */
const TOP = '.'

/** The imports between the folders of a package, at every depth. Entry points are left out, because they only re-export. */
export function folderImports(name: string): FolderImport[] {
  const root = `packages/${name}/src`
  const entries = new Set([`${root}/index.ts`, ...exportedFiles(name)])
  return codeUnder(root)
    .filter((path) => !entries.has(path))
    .flatMap((path) => importsOf(path))
    .filter(({ module }) => module.startsWith('.'))
    .map(({ path, module }) => ({
      from: folderOf(path, root),
      to: folderOf(posix.join(posix.dirname(path), module), root),
      text: `${path} imports ${module}`,
    }))
    .filter(({ from, to }) => from !== to)
}

function folderOf(path: string, root: string): string {
  return posix.relative(root, posix.dirname(path)) || TOP
}

/** The sources of the files that the manifest exports or runs. */
function exportedFiles(name: string): string[] {
  const manifest = textOf(`packages/${name}/package.json`)
  return [...manifest.matchAll(/"\.\/dist\/(?<file>[^"]+)\.js"/g)].map(
    ({ groups }) => `packages/${name}/src/${groups?.['file'] ?? ''}.ts`,
  )
}

/** Folders from which imports lead back to them, each with the others of its cycle. */
export function cycles(imports: readonly FolderImport[]): string[][] {
  const targets = new Map<string, Set<string>>()
  for (const { from, to } of imports) {
    targets.set(from, (targets.get(from) ?? new Set()).add(to))
  }
  const reachable = new Map([...targets.keys()].map((from) => [from, reach(from, targets)]))
  const inCycle = [...targets.keys()].filter((folder) => reachable.get(folder)?.has(folder))
  const groups = new Map<string, string[]>()
  for (const folder of inCycle) {
    const group = inCycle.filter(
      (other) => reachable.get(folder)?.has(other) && reachable.get(other)?.has(folder),
    )
    groups.set(group.sort().join(' '), group)
  }
  return [...groups.values()]
}

function reach(from: string, targets: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const reached = new Set<string>()
  const next = [...(targets.get(from) ?? [])]
  for (let folder = next.pop(); folder !== undefined; folder = next.pop()) {
    if (reached.has(folder)) continue
    reached.add(folder)
    next.push(...(targets.get(folder) ?? []))
  }
  return reached
}
