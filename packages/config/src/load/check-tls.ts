import { resolve } from 'node:path'
import { type NodeOptions, pathText } from '@commloop/core'
import { checkTls, nameFault } from '@commloop/transport-tcp'
import { revisionOf } from '../find/file-revision.js'
import type { ConfigPath } from '../read/config-path.js'

type Tls = Readonly<Record<string, unknown>>

const FILES: readonly string[] = ['cert', 'key', 'ca']

/** Files of TLS are named as seen from the configuration's folder; from here on their paths are whole. */
export function withTlsFiles(options: NodeOptions, folder: string): NodeOptions {
  const { listen, links } = options
  return {
    ...options,
    ...(isMap(listen?.tls) ? { listen: { ...listen, tls: inFolder(listen.tls, folder) } } : {}),
    links: links.map((entry) =>
      entry.tls === undefined ? entry : { ...entry, tls: inFolder(entry.tls, folder) },
    ),
  }
}

function inFolder(tls: Tls, folder: string): Tls {
  const placed = Object.entries(tls).map(([key, value]) =>
    isFileName(key, value) ? [key, resolve(folder, String(value))] : [key, value],
  )
  return Object.fromEntries(placed) as Tls
}

function isFileName(key: string, value: unknown): boolean {
  return FILES.includes(key) && typeof value === 'string' && !value.includes('-----BEGIN ')
}

/** What the files hold that `listen.tls` names: a listener reads them once. Empty where it names none. */
export function listenFilesRevision({ listen }: NodeOptions): string {
  if (!isMap(listen?.tls)) return ''
  const named = Object.entries(listen.tls).filter(([key, value]) => isFileName(key, value))
  return named.map(([key, file]) => `${key} ${revisionOrNone(String(file))}`).join(', ')
}

function revisionOrNone(file: string): string {
  try {
    return revisionOf(file)
  } catch {
    // Whoever reads it for its content says so.
    return 'unreadable'
  }
}

export interface TlsJudgement {
  readonly problems: readonly { readonly path: ConfigPath; readonly message: string }[]
  readonly warnings: readonly string[]
}

/**
 * What the TCP transport would say about TLS when it listens and dials, said before the node starts. Reads the
 * files.
 */
export function judgeTls(options: NodeOptions): TlsJudgement {
  const problems: { path: ConfigPath; message: string }[] = []
  const warnings: string[] = []
  const judge = (call: 'dial' | 'listen', tls: unknown, path: ConfigPath): void => {
    const check = checkTls(call, tls)
    for (const { option, message } of check.problems) {
      problems.push({ path: option === undefined ? path : [...path, option], message })
    }
    warnings.push(...check.warnings.map((warning) => `${pathText(path)}.${warning}`))
  }
  const { listen, links } = options
  if (listen?.tls !== undefined) judge('listen', listen.tls, ['listen', 'tls'])
  const judged = new Set<string>()
  for (const [index, { role, tls, identity }] of links.entries()) {
    const path = ['links', index]
    if (role === 'active' && tls !== undefined) {
      // Large tables have the same for all, and mistakes in it are told once.
      const key = JSON.stringify(tls)
      if (!judged.has(key)) judge('dial', tls, [...path, 'tls'])
      judged.add(key)
    }
    if (role === 'passive' && identity !== undefined) {
      problems.push(...identityProblems(identity, listen?.tls, [...path, 'identity']))
    }
  }
  return { problems, warnings }
}

function identityProblems(
  identity: string | readonly string[],
  tls: unknown,
  path: ConfigPath,
): TlsJudgement['problems'] {
  if (isMap(tls) && tls.verifyPeer === false) {
    return [{ path, message: 'nobody proves a name while "listen.tls.verifyPeer" is false' }]
  }
  const names = typeof identity === 'string' ? [identity] : identity
  return names.flatMap((name, at) => {
    const message = nameFault(name)
    if (message === undefined) return []
    return [{ path: typeof identity === 'string' ? path : [...path, at], message }]
  })
}

function isMap(value: unknown): value is Tls {
  return typeof value === 'object' && value !== null
}
