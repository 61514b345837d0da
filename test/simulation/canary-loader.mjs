// Loads the built packages once more for every canary: a module that is imported with `?canary=<name>` imports its
// neighbours with the same, and the files that the canary names are edited on the way.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { editsOf } from './canaries.mjs'

const ROOT = new URL('../../', import.meta.url)
const BUILT = /\/packages\/(core|codec-len16|testing)\/dist\//
/** What packages import of each other is a bundle; the module to be edited is among those that it was made of. */
const BUNDLE = /(\/packages\/[^/]+)\/bundle\/index\.js/

export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context)
  const canary = canaryOf(context.parentURL)
  const module = resolved.url.replace(BUNDLE, '$1/dist/index.js')
  if (canary === undefined || !BUILT.test(module)) return resolved
  const url = new URL(module)
  url.searchParams.set('canary', canary)
  return { ...resolved, url: url.href }
}

export async function load(url, context, next) {
  const canary = canaryOf(url)
  if (canary === undefined) return next(url, context)
  const path = fileURLToPath(url)
  const edits = editsOf(canary).filter(({ file }) => path === fileURLToPath(new URL(file, ROOT)))
  let source = await readFile(path, 'utf8')
  for (const { file, find, replace } of edits) {
    const parts = source.split(find)
    if (parts.length !== 2) {
      throw new Error(
        `canary "${canary}": its text occurs ${String(parts.length - 1)} times in ${file}`,
      )
    }
    source = parts.join(replace)
  }
  return { format: 'module', source, shortCircuit: true }
}

function canaryOf(url) {
  return url?.startsWith('file:')
    ? (new URL(url).searchParams.get('canary') ?? undefined)
    : undefined
}
