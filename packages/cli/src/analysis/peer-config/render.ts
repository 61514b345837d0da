import {
  durationText,
  type HeartbeatSettings,
  type ListenConfig,
  listenersOf,
  parseIp,
  type PluginCounterpart,
} from '@commloop/core'
import {
  builtinPlugin,
  canonicalSpec,
  type ConfigTable,
  counterpartOf,
  DEFAULT_PLUGINS,
  inlineYaml,
  type PluginSpec,
  yamlComment,
} from '@commloop/config'
import { isUnspecifiedHost } from '../compatibility/address-key.js'
import { pluginSide } from '../compatibility/plugin-side.js'
import { type OwnAddress, ownAddressFor } from './own-address.js'
import type { PeerView } from './peer-view.js'

type OwnEntry = PeerView['active'][number] | PeerView['passive'][number]

/** For a node whose own port changes at each start. */
const UNKNOWN_PORT = 8000

/** The `.commlooprc` for a peer of this node, with a comment for every value that is not known here. */
export function peerConfigText(table: ConfigTable, peer: PeerView, at: string | undefined): string {
  const { node } = table
  const entries = [...peer.active, ...peer.passive]
  const name = entryName(node.name)
  return [
    ...headLines(table, peer),
    ...listenLines(table, peer),
    ...sharedLines(table, entries),
    'links:',
    ...peer.passive.flatMap((entry, index) => {
      const id = numbered(peer.active.length > 0 ? `${name}-out` : name, index)
      return activeLines(table, peer, entry, id, at)
    }),
    ...passiveLines(table, peer, peer.passive.length > 0 ? `${name}-in` : name, at),
    '',
  ].join('\n')
}

function headLines({ name, node }: ConfigTable, peer: PeerView): string[] {
  const { isOne, port, otherPorts } = peer
  const address = peer.addresses.join(', ')
  const who = isOne
    ? address
    : address === 'anyone'
      ? 'any other machine that dials this node'
      : `each machine of ${address}`
  const whose = port === undefined ? who : `${who}, which listens at port ${String(port)}`
  return [
    yamlComment(`.commlooprc for ${whose}`),
    yamlComment(
      `It matches ${name}, the table of "${node.name}". Add what that table does not contain:`,
    ),
    '# the name of this node ("node"), its router, its other peers. `commloop check --with` compares the two tables.',
    ...(otherPorts.length === 0
      ? []
      : [
          yamlComment(
            `"${node.name}" also dials this machine at port ${otherPorts.join(', ')}: that is another node, with its own file.`,
          ),
        ]),
    '',
  ]
}

function listenLines(table: ConfigTable, { port, active }: PeerView): string[] {
  if (port === undefined) return []
  const counterparts = active.map((entry) => transportCounterpart(table, entry))
  const counterpart = counterparts.find(({ options }) => Object.keys(options).length > 0)
  const { options, notes } = counterpart ?? counterparts[0] ?? { options: {}, notes: [] }
  const listen = { host: '0.0.0.0', port, ...options }
  return [
    ...notes.map(yamlComment),
    `listen: ${inlineYaml(listen)}   ${yamlComment(`the port that ${idsOf(active)} dials; 0.0.0.0: every address of the machine`)}`,
  ]
}

/** The options that the peer must give to its transport. */
function transportCounterpart(table: ConfigTable, entry: OwnEntry): PluginCounterpart {
  const { plugin, spec } = table.pluginOf('transport', entry.index)
  if (plugin === undefined) return { options: {}, notes: [] }
  return counterpartOf(plugin, pluginSide(table, entry, spec))
}

/** Settings that all links share, at the top of the file. */
function sharedLines(table: ConfigTable, entries: readonly OwnEntry[]): string[] {
  const codec = sharedOf(entries.map((entry) => codecLine(codecOf(table, entry))))
  const heartbeat = sharedOf(entries.map(({ settings }) => heartbeatLine(settings.heartbeat)))
  const silent = entries.filter(({ settings }) => settings.silenceMs > 0 && !settings.heartbeat)
  const [first] = silent
  return [
    ...entries
      .map((entry) => codecOf(table, entry).use)
      .filter((use) => builtinPlugin('codec', use) === undefined)
      .slice(0, 1)
      .map((use) =>
        yamlComment(`the codec ${use} is not built in: install or copy it at the peer too`),
      ),
    ...(codec === undefined ? [] : [codec]),
    ...(heartbeat === undefined ? [] : [heartbeat]),
    ...(first === undefined
      ? []
      : [
          yamlComment(
            `${idsOf(silent)} ends the link after ${durationText(first.settings.silenceMs)} of silence: set a heartbeat, or send something in that time`,
          ),
        ]),
  ]
}

/** What the peer must say on a new connection, and comments for the operator. */
function openingOf(
  table: ConfigTable,
  entry: OwnEntry,
): { readonly members: readonly string[]; readonly notes: readonly string[] } {
  const opening = table.openingOf(entry.index)
  if (opening === undefined) return { members: [], notes: [] }
  const { spec, plugin } = opening
  const unknown = {
    members: [],
    notes: [`our side has the opening ${spec.use}: set the one that matches it`],
  }
  if (plugin?.definition.counterpart === undefined) return unknown
  const { options, notes } = counterpartOf(plugin, pluginSide(table, entry, spec))
  return {
    members: membersOf({ opening: options }),
    notes: notes.map((note) => `opening: ${note}`),
  }
}

function codecOf(table: ConfigTable, { index }: Pick<OwnEntry, 'index'>): PluginSpec {
  return table.pluginOf('codec', index).spec
}

function codecLine(spec: PluginSpec): string | undefined {
  const byDefault = { use: DEFAULT_PLUGINS.codec, options: {} }
  if (canonicalSpec(spec) === canonicalSpec(byDefault)) return undefined
  return `codec: ${inlineYaml({ use: spec.use, ...spec.options })}`
}

function heartbeatLine(heartbeat: HeartbeatSettings | undefined): string | undefined {
  if (heartbeat === undefined) return undefined
  const { everyMs, payload, answer, echo } = heartbeat
  if (echo) return `heartbeat: ${inlineYaml({ echo: bytesOf(payload) })}`
  const written = {
    every: durationText(everyMs),
    ...(payload.length === 0 ? {} : { payload: bytesOf(payload) }),
    ...(answer === undefined ? {} : { answer: bytesOf(answer) }),
  }
  return `heartbeat: ${inlineYaml(written)}`
}

function bytesOf(bytes: Uint8Array): string | { hex: string } {
  const text = Buffer.from(bytes).toString('latin1')
  return /^[\x20-\x7e]*$/.test(text) ? text : { hex: Buffer.from(bytes).toString('hex') }
}

/** The line, if all are equal. */
function sharedOf(lines: readonly (string | undefined)[]): string | undefined {
  const [first] = lines
  return lines.every((line) => line === first) ? first : undefined
}

/** Settings that not all links share, as members of an entry's flow map. */
function ownMembers(table: ConfigTable, peer: PeerView, entry: OwnEntry): string[] {
  const all = [...peer.active, ...peer.passive]
  const lines = [
    [
      codecLine(codecOf(table, entry)),
      all.map(({ index }) => codecLine(codecOf(table, { index }))),
    ],
    [
      heartbeatLine(entry.settings.heartbeat),
      all.map(({ settings }) => heartbeatLine(settings.heartbeat)),
    ],
  ] as const
  return lines.flatMap(([own, others]) =>
    own === undefined || sharedOf(others) !== undefined ? [] : [own],
  )
}

/** The peer's entry for one of our passive entries: the peer dials. */
function activeLines(
  table: ConfigTable,
  peer: PeerView,
  entry: PeerView['passive'][number],
  id: string,
  at: string | undefined,
): string[] {
  const [listen] = listenersOf(table.node, entry)
  if (listen === undefined) return []
  const { ip, doubt } = dialledAddress(listen, peer, at)
  const port = listen.port === 0 ? UNKNOWN_PORT : listen.port
  const { options, notes } = transportCounterpart(table, entry)
  const source = sourceAddress(peer)
  const opening = openingOf(table, entry)
  const members = [
    ...membersOf({ id, role: 'active', ip, port, ...(source ? { bind: source } : {}) }),
    ...membersOf(options),
    ...ownMembers(table, peer, entry),
    ...opening.members,
  ]
  const slots = entry.linkIds.length
  const comments = [
    `"${entry.id}" waits for it${slots === 1 ? '' : `, with ${String(slots)} slots`}`,
    ...(doubt === undefined ? [] : [`ip: ${doubt}`]),
    ...(listen.port === 0
      ? ['port: ours changes at each start (listen.port: 0); choose a fixed one there']
      : []),
    ...(source
      ? ['bind: the address that our table expects; leave it out if addresses are translated (NAT)']
      : []),
    ...(peer.isOne && source === undefined
      ? [`our table expects a connection from ${peer.addresses.join(' or ')}`]
      : []),
    ...notes,
    ...opening.notes,
  ]
  return [
    ...comments.map((comment) => `  ${yamlComment(comment)}`),
    `  - { ${members.join(', ')} }`,
  ]
}

/** The address from which the peer must dial, if our table leaves only one. */
function sourceAddress({ isOne, address, addresses }: PeerView): string | undefined {
  return isOne && addresses.length === 1 && parseIp(address) !== undefined ? address : undefined
}

/** The peer's entries for our active entries: the peer waits. */
function passiveLines(
  table: ConfigTable,
  peer: PeerView,
  id: string,
  at: string | undefined,
): string[] {
  const bySource = new Map<string, { source: OwnAddress; entries: OwnEntry[] }>()
  for (const entry of peer.active) {
    const source = sourceOf(entry.bind, table.node.listen, peer, at)
    const group = bySource.get(source.ip) ?? { source, entries: [] }
    group.entries.push(entry)
    bySource.set(source.ip, group)
  }
  return [...bySource.values()].flatMap(({ source: { ip, doubt }, entries }, index) => {
    const [first] = entries
    const slots = entries.length > 1 ? { slots: entries.length } : {}
    const opening = first === undefined ? undefined : openingOf(table, first)
    const members = [
      ...membersOf({ id: numbered(id, index), role: 'passive', ip, ...slots }),
      ...(first === undefined ? [] : ownMembers(table, peer, first)),
      ...(opening?.members ?? []),
    ]
    return [
      `  ${yamlComment(`${idsOf(entries)} ${entries.length === 1 ? 'dials' : 'dial'} it`)}`,
      ...(doubt === undefined ? [] : [`  ${yamlComment(`ip: ${doubt}`)}`]),
      ...(opening?.notes ?? []).map((note) => `  ${yamlComment(note)}`),
      ...(differ(table, entries)
        ? [
            '  # they differ in codec or heartbeat or opening, but come from one address: give one of them another "bind"',
          ]
        : []),
      `  - { ${members.join(', ')} }`,
    ]
  })
}

/** Whether these entries need different settings. Connections from one address fill the slots in any order. */
function differ(table: ConfigTable, entries: readonly OwnEntry[]): boolean {
  const texts = entries.map((entry) =>
    [
      codecLine(codecOf(table, entry)),
      heartbeatLine(entry.settings.heartbeat),
      ...openingOf(table, entry).members,
    ].join(' '),
  )
  return texts.some((text) => text !== texts[0])
}

/** The address at which the peer dials this node. */
function dialledAddress(listen: ListenConfig, peer: PeerView, at: string | undefined): OwnAddress {
  const ip = isUnspecifiedHost(listen.host) ? at : listen.host
  return ip === undefined ? ownAddressFor(peer.address) : { ip, doubt: undefined }
}

/** The address from which this node dials the peer. */
function sourceOf(
  bind: string | undefined,
  listen: ListenConfig | undefined,
  peer: PeerView,
  at: string | undefined,
): OwnAddress {
  const ip = bind ?? at
  if (ip !== undefined) return { ip, doubt: undefined }
  if (listen === undefined || isUnspecifiedHost(listen.host)) return ownAddressFor(peer.address)
  const doubt = 'where we listen; set "bind" in our table, that our dials come from there'
  return { ip: listen.host, doubt }
}

function membersOf(values: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(values).map(([key, value]) => `${key}: ${inlineMember(value)}`)
}

/** Quotes a text that YAML would split inside a flow map. */
function inlineMember(value: unknown): string {
  const [, text = ''] = /^\{ x: ([\s\S]*) \}$/.exec(inlineYaml({ x: value })) ?? []
  return text
}

function idsOf(entries: readonly OwnEntry[]): string {
  return entries.map(({ id }) => `"${id}"`).join(' and ')
}

/** A valid name for an entry: without blanks and the special characters of link ids, and not a number. */
function entryName(node: string): string {
  const name = node.replaceAll(/[/*\s\p{C}]+/gu, '-')
  return /^[\d-]*$/.test(name) ? `node-${name}` : name
}

function numbered(name: string, index: number): string {
  return index === 0 ? name : `${name}-${String(index + 1)}`
}
