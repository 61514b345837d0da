import { CommloopError, nearest, type Node, type RouteTarget } from '@commloop/core'

/** In a larger table, the comparison would delay traffic. */
const ENTRIES_MAX = 1_000
/** The end of a link's id: the number of the link, or `*` for all links of the entry. */
const LINK_SUFFIX = /\/(\d+|\*)$/

type Typed = RouteTarget | readonly RouteTarget[] | undefined

/**
 * Adds "Did you mean …?" to an error about an unknown link, if the table has a similar name.
 *
 * @param typed the link that the client has named
 * @returns any other error unchanged
 */
export function withSuggestion(error: unknown, typed: Typed, node: Node): unknown {
  if (!CommloopError.is(error) || error.code !== 'CML_ERR_LINK_UNKNOWN') return error
  const { entries } = node.config
  const unknown = namesOf(typed).find((name) => name === error.details?.link)
  if (unknown === undefined || entries.length > ENTRIES_MAX) return error
  const [suffix = ''] = LINK_SUFFIX.exec(unknown) ?? []
  const meant = nearest(
    unknown.slice(0, unknown.length - suffix.length),
    entries.map(({ id }) => id),
  )
  if (meant === undefined) return error
  const { code, message, details = {} } = error
  return new CommloopError(code, `${message}. Did you mean "${meant}${suffix}"?`, { details })
}

function namesOf(typed: Typed): readonly string[] {
  const targets: readonly unknown[] = Array.isArray(typed) ? typed : [typed]
  return targets.map((target) => {
    const named = typeof target === 'object' && target !== null && 'link' in target
    return String(named ? target.link : target)
  })
}
