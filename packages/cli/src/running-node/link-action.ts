import type { CommandIo } from '../command-line/command-io.js'
import type { LinkStatus } from '@commloop/control'
import { EXIT } from '../command-line/exit-codes.js'
import { noteText } from '../running-node/status-text.js'
import { type NodeRequest, runningNode } from '../running-node/running-node.js'
import { visibleText } from '../terminal/escape-control-chars.js'

export type LinkAction = 'dial' | 'close' | 'disable' | 'enable'

/** `commloop dial`, `close`, `disable`, `enable`: one link of the running node. @throws CommloopError */
export async function linkCommand(
  request: NodeRequest & { readonly action: LinkAction; readonly link: string },
  io: CommandIo,
): Promise<number> {
  const client = await runningNode(request)
  const path = `/v1/links/${encodeURIComponent(request.link)}/${request.action}`
  const link = (await client.ask({ method: 'POST', path })) as LinkStatus
  const { id, state, enabled, nextDialInMs } = link
  const note = noteText(link, nextDialInMs)
  const kept = enabled ? '' : ', and stays down until it is enabled'
  if (request.action === 'close') {
    io.stdout.write(`${visibleText(id)}: its connection ends\n`)
    return EXIT.OK
  }
  io.stdout.write(`${visibleText(id)} is ${state}${note === '' ? '' : `: ${note}`}${kept}\n`)
  return EXIT.OK
}
