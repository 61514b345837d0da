import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

interface LoadedModule {
  /** undefined: it could not be loaded, and Node would say so for ever. */
  readonly revision: string | undefined
  readonly url: string
}

/** As Node's own memory of modules: one for the process. */
const loaded = new Map<string, LoadedModule>()
let reloads = 0

/**
 * The module in a file as it is now. Node keeps every module that it has loaded by its address, for good; one that has
 * changed gets another address, and the old copy stays in memory. So do the modules that it imports, at their old
 * state: only the file that is named is looked at.
 */
export async function importModule(file: string, revision: string): Promise<unknown> {
  const before = loaded.get(file)
  const url = before?.revision === revision ? before.url : addressOf(file, before !== undefined)
  try {
    const module: unknown = await import(url)
    loaded.set(file, { revision, url })
    return module
  } catch (error) {
    loaded.set(file, { revision: undefined, url })
    throw error
  }
}

function addressOf(file: string, anew: boolean): string {
  const { href } = pathToFileURL(file)
  if (!anew) return href
  // CommonJS is remembered by its path, whatever the address.
  const { cache } = createRequire(import.meta.url)
  for (const path of [file, realpathSync(file)]) Reflect.deleteProperty(cache, path)
  return `${href}?reload=${String(++reloads)}`
}
