import type { NodeStatus } from '@commloop/control'
import { EXIT } from '../command-line/exit-codes.js'
import type { NodeRequest } from '../command-line/node-command.js'
import type { TextOutput } from '../terminal/text-output.js'
import { runningNode } from './running-node.js'
import { statusText } from './status-text.js'

/** Prints the state of a running node once. @throws CommloopError */
export async function showStatus(
  request: NodeRequest & { readonly json: boolean },
  { stdout }: { readonly stdout: TextOutput },
): Promise<number> {
  const client = await runningNode(request)
  const status = (await client.ask({ method: 'GET', path: '/v1/status' })) as NodeStatus
  if (request.json) stdout.write(`${JSON.stringify(status, undefined, 2)}\n`)
  else {
    // A pipe has no width, and its reader does not need colours.
    const { columns = Number.POSITIVE_INFINITY, hasColors } = stdout
    stdout.writeStyled(statusText(status, columns, hasColors))
  }
  return status.ok ? EXIT.OK : EXIT.INCOMPLETE
}
