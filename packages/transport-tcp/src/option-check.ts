import {
  LISTEN_KEYS,
  messageText,
  type PluginCheck,
  type PluginEntry,
  type PluginOptions,
  type PluginPath,
  type PluginProblem,
  type PluginUse,
} from '@commloop/core'
import { ProxySources } from './proxy-sources.js'
import { CONNECTION_OPTIONS, LISTENER_OPTIONS, unknownConnectionOption } from './tcp-options.js'
import { unprovableName } from './tls-names.js'
import { type Direction, type TlsProblem, tlsRemarks } from './tls-options.js'

/**
 * Checks the options of the listener and of the dials as they themselves would, before the node starts: unknown options,
 * and `tls` sections with the files that they name.
 */
export function checkConnectionOptions({ node }: PluginUse): PluginCheck {
  const { links } = node
  const listeners = node.listeners ?? onlyListener(node.listen)
  const problems: PluginProblem[] = []
  const warnings: PluginProblem[] = []
  const checked = new Set<string>()
  const check = (direction: Direction, tls: unknown, path: PluginPath): void => {
    // Entries of large tables share one section: its problems are reported once.
    const key = `${direction} ${JSON.stringify(tls)}`
    if (checked.has(key)) return
    checked.add(key)
    const found = tlsRemarks(direction, tls)
    problems.push(...found.problems.map((problem) => remarkAt(path, problem)))
    warnings.push(...found.warnings.map((warning) => remarkAt(path, warning)))
  }
  for (const { path, options } of listeners) {
    problems.push(...listenOptionProblems(options, path))
    if (options['tls'] !== undefined) check('listen', options['tls'], [...path, 'tls'])
  }
  for (const [index, entry] of links.entries()) {
    const path = ['links', index]
    if (entry.role === 'active') {
      problems.push(...dialOptionProblems(entry, path))
      for (const [tls, at] of tlsOfDial(entry)) check('dial', tls, [...path, ...at])
    }
    const reached = reachedThrough(listeners, entry)
    problems.push(...identityProblems(entry, reached, [...path, 'identity']))
  }
  return { problems, warnings }
}

function tlsOfDial({ tls, transportOptions }: PluginEntry): [unknown, PluginPath][] {
  if (tls !== undefined) return [[tls, ['tls']]]
  const inner = transportOptions?.['tls']
  return inner === undefined ? [] : [[inner, ['transportOptions', 'tls']]]
}

/** What a listener would reject, without its `tls`: keys that neither core nor this transport knows, and a wrong `proxyProtocol`. */
function listenOptionProblems(listen: PluginOptions, path: PluginPath): PluginProblem[] {
  const known = [...LISTEN_KEYS, ...LISTENER_OPTIONS]
  const problems = Object.keys(listen)
    .filter((key) => !known.includes(key))
    .map((key) => unknownAt([...path, key], unknownConnectionOption(key, known)))
  if (listen['proxyProtocol'] === undefined) return problems
  try {
    new ProxySources(listen['proxyProtocol'])
  } catch (error) {
    const message = messageText(error)
    problems.push({ path: [...path, 'proxyProtocol'], message })
  }
  return problems
}

type Listeners = NonNullable<PluginUse['node']['listeners']>

function onlyListener(listen: PluginOptions | undefined): Listeners {
  return listen === undefined ? [] : [{ path: ['listen'], options: listen }]
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

function dialOptionProblems(
  { tls, transportOptions = {} }: PluginEntry,
  path: PluginPath,
): PluginProblem[] {
  return Object.keys(transportOptions).flatMap((key) => {
    const at = [...path, 'transportOptions', key]
    if (!CONNECTION_OPTIONS.includes(key)) return [unknownAt(at, unknownConnectionOption(key))]
    if (key !== 'tls' || tls === undefined) return []
    return [unknownAt(at, 'the entry has "tls" as well: keep one of the two')]
  })
}

function unknownAt(path: PluginPath, message: string): PluginProblem {
  return { path, message, isKey: true }
}

function remarkAt(path: PluginPath, { option, message, isKey }: TlsProblem): PluginProblem {
  return {
    path: option === undefined ? path : [...path, option],
    message,
    ...(isKey === true ? { isKey } : {}),
  }
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

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
