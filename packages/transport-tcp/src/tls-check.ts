import type {
  PluginCheck,
  PluginEntry,
  PluginOptions,
  PluginPath,
  PluginProblem,
  PluginUse,
} from '@commloop/core'
import { ProxySources } from './proxy-sources.js'
import { unprovableName } from './tls-names.js'
import { type Direction, type TlsProblem, tlsRemarks } from './tls-options.js'

/**
 * Checks the `tls` sections of a configuration as the listener and the dials would, before the node starts. Reads the
 * files that they name.
 */
export function checkTlsSections({ node }: PluginUse): PluginCheck {
  const { links } = node
  const listeners = node.listeners ?? onlyListener(node.listen)
  const problems: PluginProblem[] = []
  const warnings: PluginProblem[] = []
  const check = (direction: Direction, tls: unknown, path: PluginPath): void => {
    const found = tlsRemarks(direction, tls)
    problems.push(...found.problems.map((problem) => remarkAt(path, problem)))
    warnings.push(...found.warnings.map((warning) => remarkAt(path, warning)))
  }
  for (const { path, options } of listeners) {
    problems.push(...listenerProblems(options, path))
    if (options['tls'] !== undefined) check('listen', options['tls'], [...path, 'tls'])
  }
  const checked = new Set<string>()
  for (const [index, entry] of links.entries()) {
    const path = ['links', index]
    if (entry.role === 'active' && entry.tls !== undefined) {
      // Entries of large tables share one section: its problems are reported once.
      const key = JSON.stringify(entry.tls)
      if (!checked.has(key)) check('dial', entry.tls, [...path, 'tls'])
      checked.add(key)
    }
    problems.push(
      ...identityProblems(entry, reachedThrough(listeners, entry), [...path, 'identity']),
    )
  }
  return { problems, warnings }
}

/** What `listen` would reject: unknown options, and a wrong `proxyProtocol`. Problems of `tls` are reported by `tlsRemarks`. */
function listenerProblems(options: PluginOptions, path: PluginPath): PluginProblem[] {
  const problems: PluginProblem[] = []
  for (const name of Object.keys(options)) {
    if (['name', 'host', 'port', 'tls', 'proxyProtocol'].includes(name)) continue
    problems.push({ path: [...path, name], message: 'the transport tcp has no such option' })
  }
  if (options['proxyProtocol'] === undefined) return problems
  try {
    new ProxySources(options['proxyProtocol'])
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    problems.push({ path: [...path, 'proxyProtocol'], message })
  }
  return problems
}

type Listeners = NonNullable<PluginUse['node']['listeners']>

function onlyListener(listen: PluginOptions | undefined): Listeners {
  return listen === undefined ? [] : [{ path: ['listen'], options: listen }]
}

function remarkAt(path: PluginPath, { option, message }: TlsProblem): PluginProblem {
  return { path: option === undefined ? path : [...path, option], message }
}

function identityProblems(
  { role, identity }: PluginEntry,
  listeners: readonly PluginOptions[],
  path: PluginPath,
): PluginProblem[] {
  if (role !== 'passive' || identity === undefined) return []
  const provesNone = ({ tls }: PluginOptions): boolean => isMap(tls) && tls['verifyPeer'] === false
  if (listeners.length > 0 && listeners.every(provesNone)) {
    return [{ path, message: 'no peer proves a name while "listen.tls.verifyPeer" is false' }]
  }
  const names = typeof identity === 'string' ? [identity] : identity
  return names.flatMap((name, at) => {
    const message = unprovableName(name)
    if (message === undefined) return []
    return [{ path: typeof identity === 'string' ? path : [...path, at], message }]
  })
}

/** The options of the listeners that may fill an entry. */
function reachedThrough(listeners: Listeners, { listen }: PluginEntry): PluginOptions[] {
  return listeners
    .map(({ options }) => options)
    .filter(
      ({ name, port }) =>
        listen === undefined || listen === port || listen === (name ?? String(port)),
    )
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
