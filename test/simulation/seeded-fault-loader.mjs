// Loads the built packages once more for every seeded fault. A module that is imported with `?seeded-fault=<name>`
// passes this query on to its own imports, and the edits of the fault are applied while its files are loaded.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { editsOf } from './seeded-faults.mjs'

const ROOT = new URL('../../', import.meta.url)
const BUILT = /\/packages\/(core|codec-len16|journal-segments|testing)\/dist\//
/** Packages import each other's bundle; the fault edits the modules that the bundle is made of. */
const BUNDLE = /(\/packages\/[^/]+)\/bundle\/index\.js/

export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context)
  const seededFault = seededFaultOf(context.parentURL)
  const module = resolved.url.replace(BUNDLE, '$1/dist/index.js')
  if (seededFault === undefined || !BUILT.test(module)) return resolved
  const url = new URL(module)
  url.searchParams.set('seeded-fault', seededFault)
  return { ...resolved, url: url.href }
}

export async function load(url, context, next) {
  const seededFault = seededFaultOf(url)
  if (seededFault === undefined) return next(url, context)
  const path = fileURLToPath(url)
  const edits = editsOf(seededFault).filter(
    ({ file }) => path === fileURLToPath(new URL(file, ROOT)),
  )
  let source = await readFile(path, 'utf8')
  for (const { file, find, replace } of edits) {
    const parts = source.split(find)
    if (parts.length !== 2) {
      throw new Error(
        `seeded fault "${seededFault}": its text occurs ${String(parts.length - 1)} times in ${file}`,
      )
    }
    source = parts.join(replace)
  }
  return { format: 'module', source, shortCircuit: true }
}

function seededFaultOf(url) {
  return url?.startsWith('file:')
    ? (new URL(url).searchParams.get('seeded-fault') ?? undefined)
    : undefined
}
