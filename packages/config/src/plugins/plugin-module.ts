import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

interface LoadedModule {
  /** undefined: loading failed. Node would repeat that error for this URL forever. */
  readonly revision: string | undefined
  readonly url: string
}

/** One per process, like Node's own module cache. */
const loaded = new Map<string, LoadedModule>()
let reloads = 0

/**
 * Imports the current content of a file. Node caches every module forever by its URL, so a changed file gets a new
 * URL, and the old copy stays in memory. The modules that the file imports are not loaded again: only the named file is
 * checked for changes.
 */
export async function importModule(file: string, revision: string): Promise<unknown> {
  const before = loaded.get(file)
  const url = before?.revision === revision ? before.url : urlOf(file, before !== undefined)
  try {
    const module: unknown = await import(url)
    loaded.set(file, { revision, url })
    return module
  } catch (error) {
    loaded.set(file, { revision: undefined, url })
    throw error
  }
}

function urlOf(file: string, isReload: boolean): string {
  const { href } = pathToFileURL(file)
  if (!isReload) return href
  // Node caches CommonJS modules by their path, whatever the URL.
  const { cache } = createRequire(import.meta.url)
  for (const path of [file, realpathSync(file)]) Reflect.deleteProperty(cache, path)
  return `${href}?reload=${String(++reloads)}`
}
