import type { WriteStream } from 'node:tty'
import type { NodeStatus } from '@commloop/control'
import type { CommandIo } from '../command-line/command-io.js'
import { EXIT } from '../command-line/exit-codes.js'
import type { NodeRequest } from '../command-line/node-command.js'
import { runningNode } from './running-node.js'
import { statusText } from './status-text.js'

export interface StatusIo extends CommandIo {
  readonly stdout: CommandIo['stdout'] &
    Partial<Pick<WriteStream, 'isTTY' | 'hasColors' | 'columns'>>
}

/** Prints the state of a running node once. @throws CommloopError */
export async function showStatus(
  request: NodeRequest & { readonly json: boolean },
  io: StatusIo,
): Promise<number> {
  const client = await runningNode(request)
  const status = (await client.ask({ method: 'GET', path: '/v1/status' })) as NodeStatus
  if (request.json) io.stdout.write(`${JSON.stringify(status, undefined, 2)}\n`)
  else {
    const { stdout } = io
    // A pipe has no width, and its reader does not need colours.
    const isTerminal = stdout.isTTY === true
    const columns = isTerminal ? stdout.columns : undefined
    const color = isTerminal && stdout.hasColors?.() === true
    stdout.write(statusText(status, columns ?? Number.POSITIVE_INFINITY, color))
  }
  return status.ok ? EXIT.OK : EXIT.INCOMPLETE
}
