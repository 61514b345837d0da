import type { ErrorCode, Reconfiguration } from '@commloop/core'
import type { Diagnostic } from '../read/diagnostic.js'

/** The result of a reload. */
export type ReloadResult =
  | {
      readonly ok: true
      /** The file whose configuration the node has now. */
      readonly file: string
      readonly changes: Reconfiguration
      readonly warnings: readonly string[]
    }
  | {
      /** Nothing has changed. */
      readonly ok: false
      readonly code: ErrorCode
      /** The same text as from `commloop check` and at a start; may have several lines. */
      readonly message: string
      /** Mistakes in the file; empty if the file could not be read, or is valid but cannot be applied. */
      readonly problems: readonly Diagnostic[]
    }

/** `2 added, 1 removed, 3 reconnected, 4 changed, 5 unchanged; listen, router` */
export function changesText({ node, ...links }: Reconfiguration): string {
  const counts = Object.entries(links)
    .filter(([, ids]) => ids.length > 0)
    .map(([fate, ids]) => `${String(ids.length)} ${fate}`)
  return [counts.join(', '), node.join(', ')].filter((text) => text !== '').join('; ')
}

/** Whether anything changed. */
export function isChange(changes: Reconfiguration): boolean {
  const { added, removed, reconnected, changed, node } = changes
  return [added, removed, reconnected, changed, node].some((list) => list.length > 0)
}
