import type { CommandIo } from '../command-io.js'
import { EXIT } from '../exit-codes.js'
import { visibleText } from '../logging/visible-text.js'
import { type NodeRequest, runningNode } from './running-node.js'

/** How long reading, judging and applying a configuration may take. */
const RELOAD_MS_MAX = 30_000

/** `commloop reload`: the running node reads its configuration again. @throws CommloopError where nothing was changed */
export async function reloadCommand(
  request: NodeRequest & { readonly json: boolean },
  io: CommandIo,
): Promise<number> {
  const client = await runningNode(request)
  const report = await client.ask({ method: 'POST', path: '/v1/reload', waitMs: RELOAD_MS_MAX })
  io.stdout.write(request.json ? `${JSON.stringify(report)}\n` : `${reportText(report)}\n`)
  return EXIT.OK
}

/** `added: a, b` for each kind of change that there was. */
function reportText(report: unknown): string {
  if (typeof report !== 'object' || report === null) return 'reloaded'
  const lines = Object.entries(report)
    .map(([kind, what]: [string, unknown]) => [kind, valueText(what)] as const)
    .filter(([, text]) => text !== '')
    .map(([kind, text]) => `${kind}: ${visibleText(text)}`)
  return lines.length === 0 ? 'reloaded: nothing was changed' : lines.join('\n')
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.map(valueText).join(', ')
  if (value === false || value === null || value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
