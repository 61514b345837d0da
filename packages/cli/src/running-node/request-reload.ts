import { CommloopError, visibleOutput, visibleText } from '@commloop/core'
import type { CommandIo } from '../command-line/command-io.js'
import { EXIT } from '../command-line/exit-codes.js'
import type { NodeRequest } from '../command-line/node-command.js'
import { runningNode } from './running-node.js'

/** How long reading a configuration may take. */
const RELOAD_MS_MAX = 30_000

/**
 * Makes the running node reload its configuration, and prints what changed.
 *
 * @returns the exit code: 1, and not 2, if the node rejects its file, because the command line is right
 * @throws CommloopError if the node cannot be reached
 */
export async function requestReload(
  request: NodeRequest & { readonly json: boolean },
  io: CommandIo,
): Promise<number> {
  const client = await runningNode(request)
  let report: unknown
  try {
    report = await client.ask({ method: 'POST', path: '/v1/reload', waitMs: RELOAD_MS_MAX })
  } catch (error) {
    if (!CommloopError.is(error) || error.code === 'CML_ERR_CONTROL_UNREACHABLE') throw error
    const text = `commloop: nothing was changed\n${error.message}\n`
    io.stderr.write(visibleOutput(text))
    return EXIT.FAILED
  }
  io.stdout.write(request.json ? `${JSON.stringify(report)}\n` : `${reportText(report)}\n`)
  return EXIT.OK
}

/** A line such as `added: a, b` for each kind of change, and the number of unchanged links. */
function reportText(report: unknown): string {
  if (typeof report !== 'object' || report === null) return 'reloaded'
  const { file, unchanged, ...changes } = report as Readonly<Record<string, unknown>>
  const lines = Object.entries(changes)
    .filter((change): change is [string, readonly unknown[]] => isFilled(change[1]))
    .map(([kind, what]) => `${kind}: ${what.map(String).join(', ')}`)
  if (lines.length === 0) lines.push('nothing was changed')
  if (isFilled(unchanged)) lines.push(`unchanged: ${linksText(unchanged.length)}`)
  return [`reloaded ${String(file)}`, ...lines].map(visibleText).join('\n')
}

function isFilled(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0
}

function linksText(count: number): string {
  return count === 1 ? '1 link' : `${String(count)} links`
}
