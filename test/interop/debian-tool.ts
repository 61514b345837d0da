import { accessSync, constants } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

/** A foreign program, and the Debian package that contains it. */
export interface DebianTool {
  /** A name to look for, or a path. */
  readonly command: string
  readonly package: string
}

// Servers are installed in folders that only the PATH of the administrator contains.
const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']

/** The command's full path; undefined: not installed. */
export function toolPath(command: string): string | undefined {
  if (isAbsolute(command)) return isExecutable(command) ? command : undefined
  return FOLDERS.map((folder) => join(folder, command)).find((path) => isExecutable(path))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** For `describe.skipIf`. Prints which packages are missing, so that tests are not skipped silently. */
export function someToolIsMissing(suite: string, tools: readonly DebianTool[]): boolean {
  const missing = tools.filter(({ command }) => toolPath(command) === undefined)
  if (missing.length === 0) return false
  const packages = missing.map((tool) => tool.package).join(' ')
  console.warn(`SKIPPED: ${suite}. Missing Debian packages: ${packages}`)
  return true
}
