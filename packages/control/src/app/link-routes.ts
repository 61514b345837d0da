import type { LinkHandle, Node } from '@commloop/core'
import { statusOfLink } from '../status/node-status.js'
import type { Call, ControlApp } from './control-app.js'
import type { ControlledNode } from './controlled-node.js'
import { jsonAnswer } from './json-answer.js'
import { RequestRefused } from './request-refused.js'
import { withSuggestion } from './suggest-link.js'

/** What an operator can do with one link. Each operation is logged. */
export function addLinkRoutes(app: ControlApp, { node, logger }: ControlledNode): void {
  const add = (name: string, operate: (link: LinkHandle) => void): void => {
    app.post(`/v1/links/:id/${name}`, (call) => {
      const link = requestedLink(node, call)
      const fields = { link: link.id, command: name }
      logger.info(fields, `${link.id}: ${name}, requested through the control API`)
      operate(link)
      return jsonAnswer(call, statusOfLink(node, link))
    })
  }
  add('dial', (link) => {
    if (!link.dial()) throw new RequestRefused(409, whyNotDialled(link))
  })
  add('close', (link) => {
    if (link.remote === undefined)
      throw new RequestRefused(409, `${link.id} is not up: it is ${link.state}`)
    link.close()
  })
  add('disable', (link) => {
    link.disable()
  })
  add('enable', (link) => {
    link.enable()
  })
}

/**
 * The link that the path of a request names.
 *
 * @throws CommloopError CML_ERR_LINK_UNKNOWN, CML_ERR_LINK_AMBIGUOUS
 */
export function requestedLink(node: Node, call: Call): LinkHandle {
  const ref = call.req.param('id') ?? ''
  try {
    return node.link(/^\d+$/.test(ref) ? Number(ref) : ref)
  } catch (error) {
    throw withSuggestion(error, ref, node)
  }
}

function whyNotDialled({ id, role, enabled, state }: LinkHandle): string {
  if (role === 'passive') return `${id} is passive: its peer dials us`
  return enabled ? `${id} is ${state}` : `${id} is disabled: enable it first`
}
