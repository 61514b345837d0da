import type { WriteStream } from 'node:tty'
import type { CommandIo } from '../command-line/command-io.js'
import type { NodeStatus } from '@commloop/control'
import { EXIT } from '../command-line/exit-codes.js'
import { type NodeRequest, runningNode } from '../running-node/running-node.js'
import { statusText } from '../running-node/status-text.js'

export interface StatusIo extends CommandIo {
  readonly stdout: CommandIo['stdout'] &
    Partial<Pick<WriteStream, 'isTTY' | 'hasColors' | 'columns'>>
}

/** `commloop status`: how a running node is, once. @throws CommloopError */
export async function statusCommand(
  request: NodeRequest & { readonly json: boolean },
  io: StatusIo,
): Promise<number> {
  const client = await runningNode(request)
  const status = (await client.ask({ method: 'GET', path: '/v1/status' })) as NodeStatus
  if (request.json) io.stdout.write(`${JSON.stringify(status, undefined, 2)}\n`)
  else {
    const { stdout } = io
    // Whatever reads a pipe has no width, and no use for colours.
    const isTerminal = stdout.isTTY === true
    const columns = isTerminal ? stdout.columns : undefined
    const color = isTerminal && stdout.hasColors?.() === true
    stdout.write(statusText(status, columns ?? Number.POSITIVE_INFINITY, color))
  }
  return status.ok ? EXIT.OK : EXIT.INCOMPLETE
}
