import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { withinMs } from '../within-ms.js'

/**
 * How long a module may take to load. A promise that never settles, awaited at the top level of a module, would end the
 * process without a message, because Node exits when nothing is left to wait for. The timer of the deadline prevents that.
 */
export const PLUGIN_LOAD_MS_MAX = 10_000

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
    const module = await importedInTime(url)
    loaded.set(file, { revision, url })
    return module
  } catch (error) {
    loaded.set(file, { revision: undefined, url })
    throw error
  }
}

/** Imports a module. Rejects if the module is still loading after `PLUGIN_LOAD_MS_MAX`. */
export function importedInTime(url: string): Promise<unknown> {
  const module = import(url) as Promise<unknown>
  return withinMs(module, PLUGIN_LOAD_MS_MAX, () => {
    const seconds = String(PLUGIN_LOAD_MS_MAX / 1000)
    return new Error(
      `it was still loading after ${seconds} s: it awaits a promise at its top level that does not settle`,
    )
  })
}

function urlOf(file: string, isReload: boolean): string {
  const { href } = pathToFileURL(file)
  if (!isReload) return href
  // Node caches CommonJS modules by their path, whatever the URL.
  const { cache } = createRequire(import.meta.url)
  for (const path of [file, realpathSync(file)]) Reflect.deleteProperty(cache, path)
  return `${href}?reload=${String(++reloads)}`
}
