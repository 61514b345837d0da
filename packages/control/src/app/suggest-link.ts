import { CommloopError, nearest, type Node, type RouteTarget } from '@commloop/core'

/** With more entries than this to compare with, somebody's slip of the finger would hold up the node. */
const ENTRIES_MAX = 1_000
/** What stands behind the entry's id in the name of a link: a number, or all of them. */
const LINK_SUFFIX = /\/(\d+|\*)$/

type Typed = RouteTarget | readonly RouteTarget[] | undefined

/** The error; where it is about a link that somebody typed, and a name of the table is near, with that name. */
export function withMeantLink(error: unknown, typed: Typed, node: Node): unknown {
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
