import { resolve } from 'node:path'
import { SOCKET_PATH_BYTES_MAX } from '@commloop/control/socket-path'
import type { ConfigSource } from '../find/find-config.js'
import { isMap } from '../is-map.js'
import { ConfigDocument } from '../read/config-document.js'
import type { Section } from './section.js'

/** The absolute path of the control socket; false: no socket; undefined: the default path. */
export type ControlPath = string | false | undefined

/** The key as written. Not `ConfigFile`: its type is zod's, and public types must not mention zod. */
interface WrittenControl {
  readonly control?: string | false | undefined
}

export function controlSection({ control }: WrittenControl, folder: string): Section<ControlPath> {
  const value = absolute(control, folder)
  if (typeof value !== 'string') return { value, problems: [] }
  const bytes = Buffer.byteLength(value)
  if (bytes <= SOCKET_PATH_BYTES_MAX) return { value, problems: [] }
  const limit = String(SOCKET_PATH_BYTES_MAX)
  const message = `expected a path of at most ${limit} bytes, found ${String(bytes)}: ${value}`
  return { value, problems: [{ path: ['control'], message }] }
}

/**
 * The control socket of a configuration whose other keys may be invalid, because an operator must be able to reach the
 * running node while its file is being edited. A wrong value counts as absent.
 */
export function controlPathIn(
  source: ConfigSource,
  env: Readonly<Record<string, string | undefined>>,
): ControlPath {
  const { data } = new ConfigDocument(source, env)
  const control = isMap(data) ? data.control : undefined
  return typeof control === 'string' || control === false
    ? absolute(control, source.folder)
    : undefined
}

function absolute(control: ControlPath, folder: string): ControlPath {
  return typeof control === 'string' ? resolve(folder, control) : control
}
