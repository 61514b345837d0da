import { CommloopError } from '../contracts/errors.js'
import { reasonText } from '../contracts/reason.js'
import type { Link } from '../link/link.js'
import type { Table } from '../table/table.js'
import { jsonText } from '../text/safe-text.js'
import type { RequestOptions } from './request-options.js'

/**
 * The one link of a request, which has a connection now.
 * @throws CommloopError CML_ERR_LINK_UNKNOWN, CML_ERR_LINK_AMBIGUOUS, CML_ERR_LINK_DOWN, CML_ERR_PAYLOAD_TOO_LARGE
 */
export function requestTarget(to: RequestOptions['to'], payload: Uint8Array, table: Table): Link {
  const { ref, epoch } = targetOf(to)
  const link = table.find(ref)
  if ('code' in link) {
    const details = { link: link.link }
    throw new CommloopError(link.code, reasonText(link.reason), { details })
  }
  const { payloadBytesMax } = link.codec
  if (payload.length > payloadBytesMax) {
    const text = `payload of ${String(payload.length)} bytes, and "${link.id}" takes ${String(payloadBytesMax)}`
    throw new CommloopError('CML_ERR_PAYLOAD_TOO_LARGE', text, { details: { link: link.id } })
  }
  if (epoch !== undefined && epoch !== link.epoch) {
    throw down(link, `its connection ${String(epoch)} is over, and only that one may answer`)
  }
  if (!isOpen(link)) {
    throw down(link, 'a request does not wait for a connection: ask again when the link is up')
  }
  return link
}

/** Requests can be sent over the present connection. */
export function isOpen({ state, connection }: Link): boolean {
  return state === 'up' && connection?.writable === true
}

function targetOf(to: unknown): { readonly ref: string | number; readonly epoch?: number } {
  if (typeof to === 'number') return { ref: to }
  if (typeof to === 'string') {
    if (!to.endsWith('/*')) return { ref: to }
    throw severalLinks(to)
  }
  if (typeof to === 'object' && to !== null && 'link' in to && 'epoch' in to) {
    const { link, epoch } = to
    const isRef = typeof link === 'string' || typeof link === 'number'
    if (isRef && typeof epoch === 'number') return { ref: link, epoch }
  }
  throw severalLinks(to)
}

function severalLinks(to: unknown): CommloopError {
  const text = `to: a request goes to exactly one link, found ${jsonText(to)}`
  return new CommloopError('CML_ERR_LINK_AMBIGUOUS', text)
}

function down({ id, state }: Link, why: string): CommloopError {
  const text = `"${id}" is ${state}: ${why}`
  return new CommloopError('CML_ERR_LINK_DOWN', text, { details: { link: id } })
}
