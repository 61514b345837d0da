import type { ErrorCode, Reconfiguration } from '@commloop/core'
import type { PlacedProblem } from '../read/diagnostic.js'

/** What has come of reading the configuration anew. */
export type ReloadResult =
  | {
      readonly ok: true
      /** The file that the node runs by now. */
      readonly file: string
      readonly changes: Reconfiguration
      readonly warnings: readonly string[]
    }
  | {
      /** Nothing has changed. */
      readonly ok: false
      readonly code: ErrorCode
      /** What is wrong, in the words of `check` and of a start; may have several lines. */
      readonly message: string
      /** Mistakes in the file by their places; empty where it was not even read, or is right and cannot be had. */
      readonly problems: readonly PlacedProblem[]
    }

/** `2 added, 1 removed, 3 reconnected, 4 changed, 5 unchanged; listen, router` */
export function changesText({ node, ...links }: Reconfiguration): string {
  const counts = Object.entries(links)
    .filter(([, ids]) => ids.length > 0)
    .map(([fate, ids]) => `${String(ids.length)} ${fate}`)
  return [counts.join(', '), node.join(', ')].filter((text) => text !== '').join('; ')
}

/** Whether there was anything to do. */
export function isChange(changes: Reconfiguration): boolean {
  const { added, removed, reconnected, changed, node } = changes
  return [added, removed, reconnected, changed, node].some((list) => list.length > 0)
}
