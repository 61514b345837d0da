import { Resolver } from 'node:dns'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** How long a name server may take to answer before its name counts as silent. */
export const SCOUT_MS_MAX = 1_000
/** The files of the system are read again after this time, so that a changed name server is noticed. */
const FILES_MS_MAX = 10_000
/** A larger file is not read: it is not an ordinary one. */
const FILE_BYTES_MAX = 1024 * 1024

const HOSTS_FILE = '/etc/hosts'
const RESOLVER_FILE = '/etc/resolv.conf'

/** Whether the system will find out quickly about a name, whatever the answer. */
export interface NameScout {
  /** Calls `done` exactly once, within `SCOUT_MS_MAX`, never before this method has returned. */
  ask(name: string, done: (isPrompt: boolean) => void): void
}

/** What the system's files say about names. */
interface SystemNames {
  readonly resolver: Resolver
  /** Names that the system finds in a file. */
  readonly hosts: ReadonlySet<string>
  readonly search: readonly string[]
  readonly dotsMin: number
  readonly readMs: number
}

/**
 * Asks the name servers directly for a name, as the system is going to. Such a question occupies no thread and can be
 * given up, and the look-up of the system can do neither. The answer is not used, only the fact that there is one: the
 * addresses come from the system, by its own rules.
 */
export class DnsScout implements NameScout {
  #names: SystemNames | undefined

  ask(name: string, done: (isPrompt: boolean) => void): void {
    const names = this.#current()
    let over = false
    const end = (isPrompt: boolean): void => {
      if (over) return
      over = true
      clearTimeout(timer)
      done(isPrompt)
    }
    const timer = setTimeout(end, SCOUT_MS_MAX, false)
    if (names.hosts.has(plain(name))) setImmediate(end, true)
    else askInOrder(names.resolver, candidates(name, names), end)
  }

  #current(): SystemNames {
    const nowMs = performance.now()
    if (this.#names === undefined || nowMs - this.#names.readMs > FILES_MS_MAX) {
      this.#names = systemNames(nowMs)
    }
    return this.#names
  }
}

function systemNames(readMs: number): SystemNames {
  const { search, dotsMin } = searchRules(textOf(RESOLVER_FILE))
  const hosts = new Set([...hostNames(textOf(HOSTS_FILE)), 'localhost', plain(hostname())])
  const resolver = new Resolver({ timeout: SCOUT_MS_MAX, tries: 1 })
  return { resolver, hosts, search, dotsMin, readMs }
}

/** Asks for the names one after the other, as the system does, until one has an address. */
function askInOrder(
  resolver: Resolver,
  names: readonly string[],
  done: (isPrompt: boolean) => void,
): void {
  const [name, ...rest] = names
  if (name === undefined) {
    done(true)
    return
  }
  let open = 2
  let found = false
  const answered = (error: NodeJS.ErrnoException | null): void => {
    // The timer of the scout ends it.
    if (error?.code === 'ETIMEOUT') return
    found ||= error === null
    open--
    if (open > 0) return
    if (found) done(true)
    else askInOrder(resolver, rest, done)
  }
  resolver.resolve4(name, answered)
  resolver.resolve6(name, answered)
}

/** The names for which the system asks, in order (resolv.conf(5), `search` and `ndots`). */
export function candidates(
  name: string,
  { search, dotsMin }: Pick<SystemNames, 'search' | 'dotsMin'>,
): string[] {
  if (name.endsWith('.')) return [name]
  const searched = search.map((domain) => `${name}.${domain}`)
  const dots = name.split('.').length - 1
  return dots >= dotsMin ? [name, ...searched] : [...searched, name]
}

/** The last `search` or `domain` line counts. */
export function searchRules(text: string): Pick<SystemNames, 'search' | 'dotsMin'> {
  let search: readonly string[] = []
  let dotsMin = 1
  for (const [key, ...words] of linesOf(text)) {
    if (key === 'search' || key === 'domain') search = words.map(plain)
    if (key !== 'options') continue
    for (const option of words) {
      const dots = /^ndots:(\d{1,2})$/.exec(option)?.[1]
      if (dots !== undefined) dotsMin = Number(dots)
    }
  }
  return { search: search.filter((domain) => domain !== ''), dotsMin }
}

export function hostNames(text: string): string[] {
  return linesOf(text).flatMap(([, ...names]) => names.map(plain))
}

function linesOf(text: string): string[][] {
  return text.split('\n').map((line) =>
    line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/),
  )
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}

/** Empty if the file cannot be read: then the system has no such rules, or has them elsewhere. */
function textOf(file: string): string {
  try {
    const text = readFileSync(file, 'utf8')
    return text.length > FILE_BYTES_MAX ? '' : text
  } catch {
    return ''
  }
}
