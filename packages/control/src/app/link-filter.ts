import { CommloopError, type Node } from '@commloop/core'
import { withSuggestion } from './suggest-link.js'

/**
 * A filter for one link, or for all links of an entry.
 *
 * @param ref a link's id (`cell/2`), an entry's id (`cell` or `cell/*`), or an entry's position in the table (`3`)
 * @throws CommloopError CML_ERR_LINK_UNKNOWN
 */
export function linkFilter(node: Node, ref: string): (link: string) => boolean {
  const name = ref.replace(/\/\*$/, '')
  const index = /^\d+$/.test(name) ? Number(name) : -1
  const entryId = node.config.entries.find(({ id, index: at }) => id === name || at === index)?.id
  const wanted = node.links().filter(({ id, entry }) => id === name || entry === entryId)
  if (wanted.length === 0) {
    const text = `no link "${ref}" in the table`
    const unknown = new CommloopError('CML_ERR_LINK_UNKNOWN', text, { details: { link: ref } })
    throw withSuggestion(unknown, ref, node)
  }
  const ids = new Set(wanted.map(({ id }) => id))
  return (link) => ids.has(link)
}
