import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A file of `/proc`; undefined: it does not exist, no longer exists, or may not be read. */
export function procText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

export function procLink(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/** Names in a folder of `/proc`; empty if it cannot be read. */
export function procNames(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
