import { resolve } from 'node:path'
import type { NodeOptions } from '@commloop/core'
import { revisionOf } from '../find/file-revision.js'

type Tls = Readonly<Record<string, unknown>>

/** Keys of a `tls` section that name files: the `pem` fields of the schema. */
const FILE_KEYS: readonly string[] = ['cert', 'key', 'ca']

/** Makes the paths in `tls` sections absolute: a configuration names files relative to its own folder. */
export function withTlsFiles(options: NodeOptions, folder: string): NodeOptions {
  const { listen, links } = options
  return {
    ...options,
    ...(isMap(listen?.tls) ? { listen: { ...listen, tls: inFolder(listen.tls, folder) } } : {}),
    links: links.map((entry) => {
      const { tls, transportOptions } = entry
      if (tls === undefined && !isMap(transportOptions?.['tls'])) return entry
      return {
        ...entry,
        ...(tls === undefined ? {} : { tls: inFolder(tls, folder) }),
        ...(isMap(transportOptions?.['tls'])
          ? {
              transportOptions: {
                ...transportOptions,
                tls: inFolder(transportOptions['tls'], folder),
              },
            }
          : {}),
      }
    }),
  }
}

function inFolder(tls: Tls, folder: string): Tls {
  const absolute = Object.entries(tls).map(([key, value]) =>
    isFileName(key, value) ? [key, resolve(folder, String(value))] : [key, value],
  )
  return Object.fromEntries(absolute) as Tls
}

function isFileName(key: string, value: unknown): boolean {
  return FILE_KEYS.includes(key) && typeof value === 'string' && !value.includes('-----BEGIN ')
}

/** Revision of the files that `listen.tls` names, because a listener reads them only once. Empty if there are none. */
export function listenFilesRevision({ listen }: NodeOptions): string {
  if (!isMap(listen?.tls)) return ''
  const named = Object.entries(listen.tls).filter(([key, value]) => isFileName(key, value))
  return named.map(([key, file]) => `${key} ${revisionOrNone(String(file))}`).join(', ')
}

function revisionOrNone(file: string): string {
  try {
    return revisionOf(file)
  } catch {
    // The transport reports the error when it reads the content.
    return 'unreadable'
  }
}

function isMap(value: unknown): value is Tls {
  return typeof value === 'object' && value !== null
}
