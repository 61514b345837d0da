import type { EntryConfig } from '../config/node-config.js'
import type { LinkRef, LinkState, RouteTarget } from '../contracts/send-router.js'
import type { ErrorCode } from '../contracts/errors.js'
import type { Reason, ReasonCode } from '../contracts/reason.js'
import type { Link } from '../link/link.js'
import type { TargetSet } from './target-set.js'
import { shortened } from '../text/short-text.js'

/** How much of an unknown id a reason shows. */
const REF_LENGTH_MAX = 200

/** Why a target names no link. */
export interface TargetProblem {
  readonly code: ErrorCode
  readonly reason: Reason
  /** The link or entry that the target names. */
  readonly link: string
}

const UP: LinkState = 'up'

/** The links of a node by id, by entry and by position. Immutable: a node whose table changes gets a new one. */
export class Table {
  readonly links: readonly Link[]
  readonly #byId = new Map<string, Link>()
  readonly #byEntry = new Map<string, readonly Link[]>()
  readonly #byIndex: (readonly Link[])[] = []
  /** The last result of `named`: messages come in bursts. */
  #lastName: string | undefined
  #lastLink: Link | undefined

  constructor(entries: readonly EntryConfig[], linksOf: (entry: EntryConfig) => readonly Link[]) {
    const all: Link[] = []
    for (const entry of entries) {
      const links = linksOf(entry)
      this.#byEntry.set(entry.id, links)
      this.#byIndex.push(links)
      for (const link of links) {
        this.#byId.set(link.id, link)
        all.push(link)
      }
    }
    this.links = all
  }

  /** The link with this id. */
  link(id: string): Link | undefined {
    return this.#byId.get(id)
  }

  /** The same, faster for an id that repeats. */
  named(id: string): Link | undefined {
    if (id === this.#lastName) return this.#lastLink
    this.#lastName = id
    return (this.#lastLink = this.#byId.get(id))
  }

  /** The one link that `ref` names, or why it names none. */
  find(ref: LinkRef): Link | TargetProblem {
    if (typeof ref === 'string') {
      const link = this.#byId.get(ref)
      if (link !== undefined) return link
    }
    const links = typeof ref === 'number' ? this.#byIndex[ref] : this.#byEntry.get(ref)
    const [only] = links ?? []
    if (links === undefined || only === undefined) return unknown(ref)
    return links.length === 1 ? only : ambiguous(ref, links)
  }

  /** Adds the links that `target` names to `into`. @returns why it names none */
  resolve(target: RouteTarget, into: TargetSet): TargetProblem | undefined {
    if (typeof target === 'object') return this.#resolveBound(target, into)
    // Usually the id of a link: then there is nothing else to look up.
    const named = typeof target === 'string' ? this.#byId.get(target) : undefined
    if (named !== undefined) {
      into.add(named, 0)
      return undefined
    }
    if (typeof target === 'string' && target.endsWith('/*')) return this.#resolveAll(target, into)
    const link = this.find(target)
    if ('code' in link) return link
    into.add(link, 0)
    return undefined
  }

  #resolveBound(
    target: { readonly link: LinkRef; readonly epoch: number },
    into: TargetSet,
  ): TargetProblem | undefined {
    const link = this.find(target.link)
    if ('code' in link) return link
    if (!Number.isSafeInteger(target.epoch) || target.epoch < 1) {
      return problem(
        'CML_ERR_LINK_UNKNOWN',
        'link-unknown',
        link.id,
        `no epoch ${String(target.epoch)}`,
      )
    }
    into.add(link, target.epoch)
    return undefined
  }

  /** `cell/*`: every link of the entry that is up. */
  #resolveAll(target: string, into: TargetSet): TargetProblem | undefined {
    const links = this.#byEntry.get(target.slice(0, -2))
    if (links === undefined) return unknown(target)
    const up = links.filter((link) => link.state === UP)
    for (const link of up) into.add(link, 0)
    return up.length > 0
      ? undefined
      : problem(
          'CML_ERR_LINK_DOWN',
          'no-link-up',
          target,
          `no link of "${shortened(target, REF_LENGTH_MAX)}" is up`,
        )
  }
}

function unknown(ref: LinkRef): TargetProblem {
  const name =
    typeof ref === 'number' ? `position ${String(ref)}` : `"${shortened(ref, REF_LENGTH_MAX)}"`
  const text = `no link ${name} in the table`
  return problem('CML_ERR_LINK_UNKNOWN', 'link-unknown', String(ref), text)
}

function ambiguous(ref: LinkRef, links: readonly Link[]): TargetProblem {
  const names = links.slice(0, 3).map(({ id }) => id)
  const text = `"${String(ref)}" has ${String(links.length)} links: name ${names.join(', ')} … or "${String(links[0]?.entry.id)}/*"`
  return problem('CML_ERR_LINK_AMBIGUOUS', 'link-ambiguous', String(ref), text)
}

function problem(code: ErrorCode, reason: ReasonCode, link: string, text: string): TargetProblem {
  return { code, reason: { code: reason, detail: text }, link }
}
