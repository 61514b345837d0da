import { resolve } from 'node:path'
import { type NodeOptions, writtenListeners } from '@commloop/core'
import { revisionOf } from '../find/file-revision.js'

type Tls = Readonly<Record<string, unknown>>

/** Keys of a `tls` section that name files: the `pem` fields of the schema. */
const FILE_KEYS: readonly string[] = ['cert', 'key', 'ca']

/** Makes the paths in `tls` sections absolute: a configuration names files relative to its own folder. */
export function withTlsFiles(options: NodeOptions, folder: string): NodeOptions {
  const { listen, links } = options
  return {
    ...options,
    ...(listen === undefined ? {} : { listen: listenFiles(listen, folder) }),
    links: links.map((entry) => {
      const { tls, transportOptions } = entry
      const inner = transportOptions?.['tls']
      if (tls === undefined && !isMap(inner)) return entry
      return {
        ...entry,
        ...(tls === undefined ? {} : { tls: inFolder(tls, folder) }),
        ...(isMap(inner)
          ? { transportOptions: { ...transportOptions, tls: inFolder(inner, folder) } }
          : {}),
      }
    }),
  }
}

function listenFiles(
  listen: NonNullable<NodeOptions['listen']>,
  folder: string,
): NonNullable<NodeOptions['listen']> {
  const places = writtenListeners(listen).map(({ place }) =>
    isMap(place.tls) ? { ...place, tls: inFolder(place.tls, folder) } : place,
  )
  const [first] = places
  return Array.isArray(listen) || first === undefined ? places : first
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

/** Revision of the files that listeners name, because a listener reads them only once. Empty if there are none. */
export function listenFilesRevision({ listen }: NodeOptions): string {
  return writtenListeners(listen)
    .flatMap(({ place }) => (isMap(place.tls) ? Object.entries(place.tls) : []))
    .filter(([key, value]) => isFileName(key, value))
    .map(([key, file]) => `${key} ${revisionOrNone(String(file))}`)
    .join(', ')
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
