import type { PluginCheck, PluginEntry, PluginPath, PluginProblem, PluginUse } from '@commloop/core'
import { unprovableName } from './tls-names.js'
import { type Direction, type TlsProblem, tlsRemarks } from './tls-options.js'

/**
 * Checks the `tls` sections of a configuration as the listener and the dials would, before the node starts. Reads the
 * files that they name.
 */
export function checkTlsSections({ node: { listen, links } }: PluginUse): PluginCheck {
  const problems: PluginProblem[] = []
  const warnings: PluginProblem[] = []
  const check = (direction: Direction, tls: unknown, path: PluginPath): void => {
    const found = tlsRemarks(direction, tls)
    problems.push(...found.problems.map((problem) => remarkAt(path, problem)))
    warnings.push(...found.warnings.map((warning) => remarkAt(path, warning)))
  }
  if (listen?.['tls'] !== undefined) check('listen', listen['tls'], ['listen', 'tls'])
  const checked = new Set<string>()
  for (const [index, entry] of links.entries()) {
    const path = ['links', index]
    if (entry.role === 'active' && entry.tls !== undefined) {
      // Entries of large tables share one section: its problems are reported once.
      const key = JSON.stringify(entry.tls)
      if (!checked.has(key)) check('dial', entry.tls, [...path, 'tls'])
      checked.add(key)
    }
    problems.push(...identityProblems(entry, listen?.['tls'], [...path, 'identity']))
  }
  return { problems, warnings }
}

function remarkAt(path: PluginPath, { option, message }: TlsProblem): PluginProblem {
  return { path: option === undefined ? path : [...path, option], message }
}

function identityProblems(
  { role, identity }: PluginEntry,
  tls: unknown,
  path: PluginPath,
): PluginProblem[] {
  if (role !== 'passive' || identity === undefined) return []
  if (isMap(tls) && tls['verifyPeer'] === false) {
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
