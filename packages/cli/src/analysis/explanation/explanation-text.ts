import { sizeText, visibleText } from '@commloop/core'
import { tableBlock } from '../../terminal/table.js'
import type {
  AcceptExplanation,
  ConfigExplanation,
  EntryExplanation,
  PluginExplanation,
} from './explanation.js'

/** The explanation of a configuration without mistakes. `name` is the file as the user would type it. */
export function explanationText(explanation: ConfigExplanation, name: string): string {
  const { node, listeners, entries, accepts, plugins, memory, descriptors, warnings } = explanation
  const place =
    listeners.length === 0
      ? 'does not listen'
      : `listens on ${listeners.map(listenerText).join(', ')}`
  return [
    `${visibleText(`${name} is valid: node ${node} ${place}`)}\n`,
    section('Entries', entries.map(entryRow)),
    section('Accepts (the first matching line decides)', accepts.map(acceptRow)),
    section('Plugins', plugins.map(pluginRow)),
    section('Limits', [
      ['memory', sizeWords(memory.bytesMax), `of ${sizeWords(memory.availableBytes)}`],
      ['descriptors', String(descriptors.max), limitWords(descriptors)],
    ]),
    section(
      'Warnings',
      warnings.map((warning) => [warning]),
    ),
  ].join('')
}

function listenerText({ name, host, port }: ConfigExplanation['listeners'][number]): string {
  const at = `${host}:${String(port)}`
  return name === String(port) ? at : `${at} (${name})`
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : `\n${title}\n${tableBlock(rows)}`
}

function entryRow(entry: EntryExplanation): string[] {
  return [
    String(entry.index),
    entry.id,
    entry.role,
    entry.address,
    entry.slots === 1 ? '1 slot' : `${String(entry.slots)} slots`,
    entry.lasting ? 'lasting' : 'passing',
    linkWords(entry.links) +
      (entry.listener === null ? '' : ` through ${entry.listener}`) +
      (entry.opening === null ? '' : `, up after the opening ${entry.opening}`) +
      (entry.enabled ? '' : ' (disabled)'),
  ]
}

function linkWords(links: readonly string[]): string {
  const [first = '', second] = links
  if (second === undefined) return `link ${first}`
  return `links ${first} … ${links.at(-1) ?? ''}`
}

function acceptRow({ listener, group, pattern, entries }: AcceptExplanation): string[] {
  return [
    ...(listener === null ? [] : [`through ${listener}:`]),
    group === 'anyone' ? 'any other peer' : pattern,
    `→ ${entries.join(', then ')}`,
  ]
}

function pluginRow(plugin: PluginExplanation): string[] {
  const version = plugin.version === null ? '' : ` ${plugin.version}`
  const packaged = plugin.package === null ? '' : `${plugin.package}${version}`
  const places = { file: plugin.file ?? '', commloop: `${packaged}, bundled`, package: '' }
  return [
    plugin.kind,
    plugin.spec,
    plugin.from === 'package' ? `${packaged} in ${plugin.file ?? ''}` : places[plugin.from],
    plugin.entry === null ? '' : `for ${plugin.entry}`,
  ]
}

function limitWords({ soft, hard }: ConfigExplanation['descriptors']): string {
  if (soft === null) return 'limit unknown'
  return `of ${String(soft)}` + (hard === null || hard === soft ? '' : `, up to ${String(hard)}`)
}

/** Two or three digits are enough for a limit. */
function sizeWords(bytes: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB'] as const) {
    const amount = bytes / UNIT_BYTES[unit]
    if (amount >= 1)
      return `${amount >= 10 ? String(Math.ceil(amount)) : amount.toFixed(1)} ${unit}`
  }
  return sizeText(bytes)
}

const UNIT_BYTES = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const
