import { CommloopError } from '@commloop/core'
import type { CommandIo } from '../command-line/command-io.js'
import { EXIT } from '../command-line/exit-codes.js'
import { visibleText } from '../terminal/escape-control-chars.js'
import { type NodeRequest, runningNode } from '../running-node/running-node.js'

/** How long reading, judging and applying a configuration may take. */
const RELOAD_MS_MAX = 30_000

/**
 * `commloop reload`: the running node reads its configuration again. Exit code 1 where nothing was changed, since it was
 * the node's file that was wrong and no command line.
 */
export async function reloadCommand(
  request: NodeRequest & { readonly json: boolean },
  io: CommandIo,
): Promise<number> {
  const client = await runningNode(request)
  let report: unknown
  try {
    report = await client.ask({ method: 'POST', path: '/v1/reload', waitMs: RELOAD_MS_MAX })
  } catch (error) {
    if (!CommloopError.is(error) || error.code === 'CML_ERR_CONTROL_UNREACHABLE') throw error
    const lines = error.message.split('\n').map(visibleText)
    io.stderr.write(`commloop: nothing was changed\n${lines.join('\n')}\n`)
    return EXIT.FAILED
  }
  io.stdout.write(request.json ? `${JSON.stringify(report)}\n` : `${reportText(report)}\n`)
  return EXIT.OK
}

/** `added: a, b` for each kind of change that there was; of links that stay as they were the number. */
function reportText(report: unknown): string {
  if (typeof report !== 'object' || report === null) return 'reloaded'
  const { file, unchanged, ...changes } = report as Readonly<Record<string, unknown>>
  const lines = Object.entries(changes)
    .filter((change): change is [string, readonly unknown[]] => isFilled(change[1]))
    .map(([kind, what]) => `${kind}: ${visibleText(what.map(String).join(', '))}`)
  if (lines.length === 0) lines.push('nothing was changed')
  if (isFilled(unchanged)) lines.push(`unchanged: ${linksText(unchanged.length)}`)
  return [`reloaded ${visibleText(String(file))}`, ...lines].join('\n')
}

function isFilled(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0
}

function linksText(count: number): string {
  return count === 1 ? '1 link' : `${String(count)} links`
}
