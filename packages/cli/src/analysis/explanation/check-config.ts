import { CommloopError, sizeText } from '@commloop/core'
import type { CommandIo } from '../command-line/command-io.js'
import {
  type AcceptExplanation,
  type ConfigExplanation,
  type EntryExplanation,
  explainConfig,
  type PluginExplanation,
} from '../analysis/explanation/config-explanation.js'
import { type PlacedProblem, problemsText, readConfig } from '@commloop/config'
import { processLimits } from '@commloop/metrics'
import { type FitRequest, reportFit } from '../analysis/compatibility/report.js'
import { textColumns } from '../terminal/text-columns.js'
import { EXIT } from '../command-line/exit-codes.js'

export interface CheckRequest {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The file named with `--config`. */
  readonly config?: string | undefined
  readonly json: boolean
  /** Compare with the table of the other end. */
  readonly peer?: Pick<FitRequest, 'peerFile' | 'at' | 'peerAt'> | undefined
}

/** `commloop check`: reads the configuration and says what it means, or everything that is wrong with it. */
export async function checkCommand(request: CheckRequest, io: CommandIo): Promise<number> {
  const { cwd, env, config: file, json } = request
  try {
    const reading = await readConfig({ cwd, env, file })
    if (!reading.ok) {
      const { problems, warnings } = reading
      if (json)
        writeJson(io, { ok: false, file: reading.file, problems: problemsJson(problems), warnings })
      else io.stderr.write(`${problemsText(problems)}\n${countText(problems)}\n`)
      return EXIT.CONFIG_INVALID
    }
    if (request.peer !== undefined) {
      return await reportFit(reading.config, { cwd, env, json, ...request.peer }, io)
    }
    const explanation = explainConfig(reading.config, processLimits())
    if (json) writeJson(io, { ok: true, ...explanation })
    else io.stdout.write(explanationText(explanation, reading.config.name))
    return EXIT.OK
  } catch (error) {
    if (!CommloopError.is(error)) throw error
    const { code, message } = error
    const problem = { code, file: null, line: null, column: null, path: null, message }
    if (json) writeJson(io, { ok: false, file: null, problems: [problem], warnings: [] })
    else io.stderr.write(`${code}: ${message}\n`)
    return EXIT.CONFIG_INVALID
  }
}

function writeJson(io: CommandIo, value: object): void {
  io.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
}

function problemsJson(problems: readonly PlacedProblem[]): object[] {
  return problems.map(({ code, file, line, column, path, message }) => ({
    code,
    file,
    line,
    column,
    path,
    message,
  }))
}

function countText({ length }: readonly PlacedProblem[]): string {
  return length === 1
    ? '1 problem; nothing would start'
    : `${String(length)} problems; nothing would start`
}

function explanationText(explanation: ConfigExplanation, name: string): string {
  const { node, listen, entries, accepts, plugins, memory, descriptors, warnings } = explanation
  const place =
    listen === null ? 'does not listen' : `listens on ${listen.host}:${String(listen.port)}`
  return [
    `${name} is fine: node ${node} ${place}\n`,
    section('Entries', entries.map(entryRow)),
    section('Accepts; the first line that matches decides alone', accepts.map(acceptRow)),
    section('Plugins', plugins.map(pluginRow)),
    section('At most', [
      ['memory', sizeWords(memory.bytesMax), `of ${sizeWords(memory.availableBytes)}`],
      ['descriptors', String(descriptors.max), limitWords(descriptors)],
    ]),
    section(
      'Warnings',
      warnings.map((warning) => [warning]),
    ),
  ].join('')
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : `\n${title}\n${textColumns(rows)}\n`
}

function entryRow(entry: EntryExplanation): string[] {
  return [
    String(entry.index),
    entry.id,
    entry.role,
    entry.address,
    entry.slots === 1 ? '1 slot' : `${String(entry.slots)} slots`,
    entry.lasting ? 'lasting' : 'passing',
    linkWords(entry.links) + (entry.enabled ? '' : ' (disabled)'),
  ]
}

function linkWords(links: readonly string[]): string {
  const [first = '', second] = links
  if (second === undefined) return `link ${first}`
  return `links ${first} … ${links.at(-1) ?? ''}`
}

function acceptRow({ group, pattern, entries }: AcceptExplanation): string[] {
  return [group === 'anyone' ? 'anyone else' : pattern, `→ ${entries.join(', then ')}`]
}

function pluginRow(plugin: PluginExplanation): string[] {
  const version = plugin.version === null ? '' : ` ${plugin.version}`
  const packaged = plugin.package === null ? '' : `${plugin.package}${version}`
  const places = { file: plugin.file ?? '', commloop: `${packaged}, brought along`, package: '' }
  return [
    plugin.kind,
    plugin.spec,
    plugin.from === 'package' ? `${packaged} in ${plugin.file ?? ''}` : places[plugin.from],
    plugin.entry === null ? '' : `for ${plugin.entry}`,
  ]
}

function limitWords({ soft, hard }: ConfigExplanation['descriptors']): string {
  if (soft === null) return 'no limit known'
  return `of ${String(soft)}` + (hard === null || hard === soft ? '' : `, up to ${String(hard)}`)
}

/** Two or three digits are enough for a bound. */
function sizeWords(bytes: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB'] as const) {
    const amount = bytes / UNIT_BYTES[unit]
    if (amount >= 1)
      return `${amount >= 10 ? String(Math.ceil(amount)) : amount.toFixed(1)} ${unit}`
  }
  return sizeText(bytes)
}

const UNIT_BYTES = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const
