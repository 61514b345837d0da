import type { EntryPluginKind, PluginKind } from '@commloop/core'
import { z } from 'zod'
import { builtinNames } from '../plugins/builtin-plugins.js'
import {
  ENTRY_PLUGIN_KINDS,
  NODE_PLUGIN_KINDS,
  type NodePluginKind,
} from '../plugins/plugin-kinds.js'
import { expecting, field, type FieldText } from './fields.js'

/** What the reference says about the key of each kind of plugin. */
const NOTES: Readonly<Record<PluginKind, FieldText>> = {
  transport: {
    default: '`tcp`',
    text: 'Moves bytes between nodes.',
    examples: ['tcp', { use: 'tcp', keepAlive: '30s' }],
  },
  codec: {
    default: '`len16`',
    text: 'Converts payloads to frames and back. Both sides of a link need the same codec. `commloop codecs` lists the names.',
    examples: ['len16', 'tpkt', { use: 'len16', byteOrder: 'little' }],
  },
  reconnect: {
    default: '`exponential`',
    text: 'Decides when to dial again after a failure, and when to give up.',
    examples: ['exponential', { use: 'exponential', max: '1m', maxAttempts: 0 }],
  },
  opening: {
    default: '`none`',
    limits: 'a name, a path, `{ use: <name>, …options }`, or `none`',
    text: 'What is said on a new connection before messages may pass, such as a logon, a bind or a registration. The link is up only when the opening says so.',
    examples: [
      './logon.mjs',
      { use: 'exchange', steps: [{ send: { text: 'LOGIN' } }, { expect: { text: 'OK' } }] },
    ],
  },
  router: {
    default: '`direct`',
    text: 'Chooses the links for a message if `send` does not specify any.',
    examples: ['./router.mjs', { use: './router.mjs', fallback: 'mes' }],
  },
}

/** `name`, `./path` or `{ use: name, ...options }`. The plugin itself checks the options. */
function pluginField(kind: PluginKind) {
  const note = NOTES[kind]
  const text = z.string(expecting('a name or a path')).min(1, expecting('a name or a path'))
  // Editors offer the examples; other names and paths are allowed as well.
  const name = text.meta({ examples: [...builtinNames(kind)] })
  const schema = z.union(
    [name, z.looseObject({ use: name })],
    expecting('a name, a path, or { use: <name>, …options }'),
  )
  return field(schema, {
    type: 'plugin',
    limits: 'a name, a path, or `{ use: <name>, …options }`',
    ...note,
  })
}

type PluginFields<Kind extends PluginKind> = Readonly<Record<Kind, ReturnType<typeof pluginField>>>

function pluginFields<Kind extends PluginKind>(kinds: readonly Kind[]): PluginFields<Kind> {
  const fields = kinds.map((kind) => [kind, pluginField(kind)])
  return Object.fromEntries(fields) as PluginFields<Kind>
}

/** Keys that only the top of a configuration has. */
export const nodePluginFields: PluginFields<NodePluginKind> = pluginFields(NODE_PLUGIN_KINDS)

/** Keys that the top of a configuration has for all entries, and an entry for itself. */
export const entryPluginFields: PluginFields<EntryPluginKind> = pluginFields(ENTRY_PLUGIN_KINDS)
