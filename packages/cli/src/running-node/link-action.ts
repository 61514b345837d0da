import { visibleText } from '@commloop/core'
import type { LinkStatus } from '@commloop/control'
import type { CommandIo } from '../command-line/command-io.js'
import { EXIT } from '../command-line/exit-codes.js'
import type { NodeRequest } from '../command-line/node-command.js'
import { runningNode } from './running-node.js'
import { noteText } from './status-text.js'

export type LinkAction = 'dial' | 'close' | 'disable' | 'enable'

/** Acts on one link of the running node and prints its state. @throws CommloopError */
export async function actOnLink(
  request: NodeRequest & { readonly action: LinkAction; readonly link: string },
  io: CommandIo,
): Promise<number> {
  const client = await runningNode(request)
  const path = `/v1/links/${encodeURIComponent(request.link)}/${request.action}`
  const link = (await client.ask({ method: 'POST', path })) as LinkStatus
  const text = request.action === 'close' ? `${link.id}: connection is closing` : stateText(link)
  io.stdout.write(`${visibleText(text)}\n`)
  return EXIT.OK
}

function stateText(link: LinkStatus): string {
  const note = noteText(link, link.nextDialInMs)
  const down = link.enabled ? '' : '; it stays down until it is enabled'
  return `${link.id} is ${link.state}${note === '' ? '' : `: ${note}`}${down}`
}
