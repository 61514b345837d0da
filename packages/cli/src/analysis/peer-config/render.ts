import { durationText, type HeartbeatSettings, type ListenConfig } from '@commloop/core'
import {
  canonicalSpec,
  type ConfigTable,
  inlineYaml,
  type PluginSpec,
  STANDARD_PLUGIN,
} from '@commloop/config'
import { isAnyAddress } from '../compatibility/address-key.js'
import { escapeControlChars } from '../../terminal/escape-control-chars.js'
import type { MirroredPeer } from './peer-view.js'
import { type OurPlace, ourPlaceFor } from './own-address.js'

type EntryOfOurs = MirroredPeer['active'][number] | MirroredPeer['passive'][number]

/** Where certificates are put; which ones, only the peer knows. */
const CERTIFICATE = { cert: './tls/node.pem', key: './tls/node.key' }
const AUTHORITY = { ca: './tls/ca.pem' }
const TLS_DOUBT = "these files are the peer's own, and not known here: docs/security.md"
/** For a node whose own port is another at each start. */
const UNKNOWN_PORT = 8000

/** The `.commlooprc` that fits ours at the other end, with a comment for everything that cannot be known here. */
export function mirrorText(table: ConfigTable, peer: MirroredPeer, at: string | undefined): string {
  const { node } = table
  const entries = [...peer.active, ...peer.passive]
  const name = entryName(node.name)
  return [
    ...headLines(table, peer),
    ...listenLines(peer),
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

function headLines({ name, node }: ConfigTable, peer: MirroredPeer): string[] {
  const { place, isOne, port, otherPorts } = peer
  const who = isOne
    ? place
    : place === 'anyone'
      ? 'whoever else dials us'
      : `each machine of ${place}`
  const whose = port === undefined ? who : `${who}, where it listens at port ${String(port)}`
  return [
    `# .commlooprc for ${escapeControlChars(whose)}`,
    `# It fits ${escapeControlChars(name)}, the table of "${escapeControlChars(node.name)}". Not known there, and yours to add: the name`,
    '# of this node ("node"), its router, its other peers. `commloop check --with` compares the two.',
    ...(otherPorts.length === 0
      ? []
      : [
          `# The same machine is dialled at port ${otherPorts.join(', ')} too: that is another node, with a file of its own.`,
        ]),
    '',
  ]
}

function listenLines({ port, active }: MirroredPeer): string[] {
  if (port === undefined) return []
  const tls = active.map(({ transportOptions }) => transportOptions['tls']).find(isMap)
  const shows = tls !== undefined && 'cert' in tls
  const secured = { ...CERTIFICATE, ...(shows ? AUTHORITY : { verifyPeer: false }) }
  const listen = { host: '0.0.0.0', port, ...(tls === undefined ? {} : { tls: secured }) }
  return [
    ...(tls === undefined ? [] : [`# ${TLS_DOUBT}`]),
    `listen: ${inlineYaml(listen)}   # the port that ${idsOf(active)} dials; 0.0.0.0: every address of the machine`,
  ]
}

/** What all links share stands at the top. */
function sharedLines(table: ConfigTable, entries: readonly EntryOfOurs[]): string[] {
  const codec = sharedOf(entries.map((entry) => codecLine(table.codecOf(entry.index))))
  const heartbeat = sharedOf(entries.map(({ settings }) => heartbeatLine(settings.heartbeat)))
  const silent = entries.filter(({ settings }) => settings.silenceMs > 0 && !settings.heartbeat)
  const [first] = silent
  return [
    ...entries
      .filter(({ index }) => table.codecOf(index).use !== STANDARD_PLUGIN.codec)
      .slice(0, 1)
      .map(() => '# a codec that is not len16 must be installed, or lie, at the peer too'),
    ...(codec === undefined ? [] : [codec]),
    ...(heartbeat === undefined ? [] : [heartbeat]),
    ...(first === undefined
      ? []
      : [
          `# ${idsOf(silent)} ends the link after ${durationText(first.settings.silenceMs)} of silence: send something in that time`,
        ]),
  ]
}

function codecLine(spec: PluginSpec): string | undefined {
  if (canonicalSpec(spec) === canonicalSpec({ use: STANDARD_PLUGIN.codec, options: {} }))
    return undefined
  return `codec: ${inlineYaml({ use: spec.use, ...spec.options })}`
}

function heartbeatLine(heartbeat: HeartbeatSettings | undefined): string | undefined {
  if (heartbeat === undefined) return undefined
  const { everyMs, payload, answer } = heartbeat
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

/** The line that all have, or undefined. */
function sharedOf(lines: readonly (string | undefined)[]): string | undefined {
  const [first] = lines
  return lines.every((line) => line === first) ? first : undefined
}

/** What this one has for itself, as members of a flow map. */
function ownMembers(table: ConfigTable, peer: MirroredPeer, entry: EntryOfOurs): string[] {
  const all = [...peer.active, ...peer.passive]
  const lines = [
    [
      codecLine(table.codecOf(entry.index)),
      all.map(({ index }) => codecLine(table.codecOf(index))),
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

/** One of ours waits for the peer, which therefore dials. */
function activeLines(
  table: ConfigTable,
  peer: MirroredPeer,
  entry: MirroredPeer['passive'][number],
  id: string,
  at: string | undefined,
): string[] {
  const { listen } = table.node
  if (listen === undefined) return []
  const { ip, doubt } = doorOf(listen, peer, at)
  const port = listen.port === 0 ? UNKNOWN_PORT : listen.port
  const tls = listen.transportOptions['tls'] === undefined ? {} : { ...CERTIFICATE, ...AUTHORITY }
  const members = [
    ...membersOf({ id, role: 'active', ip, port, ...(peer.isOne ? { bind: peer.place } : {}) }),
    ...('ca' in tls ? membersOf({ tls }) : []),
    ...ownMembers(table, peer, entry),
  ]
  const slots = entry.linkIds.length
  return [
    `  # "${entry.id}" waits for it${slots === 1 ? '' : `, with ${String(slots)} slots`}`,
    ...(doubt === undefined ? [] : [`  # ip: ${doubt}`]),
    ...(listen.port === 0
      ? ['  # port: ours is another one at each start (listen.port: 0); fix it there']
      : []),
    ...(peer.isOne
      ? ['  # bind: we know it by this address; leave it out where addresses are translated']
      : []),
    ...('ca' in tls ? [`  # tls: ${TLS_DOUBT}`] : []),
    ...(entry.identities === undefined
      ? []
      : [`  # the certificate has to be of ${escapeControlChars(entry.identities.join(' or '))}`]),
    `  - { ${members.join(', ')} }`,
  ]
}

/** We dial the peer, which therefore waits. */
function passiveLines(
  table: ConfigTable,
  peer: MirroredPeer,
  id: string,
  at: string | undefined,
): string[] {
  const bySource = new Map<string, { place: OurPlace; entries: EntryOfOurs[] }>()
  for (const entry of peer.active) {
    const place = sourceOf(entry.bind, table.node.listen, peer, at)
    const group = bySource.get(place.ip) ?? { place, entries: [] }
    group.entries.push(entry)
    bySource.set(place.ip, group)
  }
  return [...bySource.values()].flatMap(({ place: { ip, doubt }, entries }, index) => {
    const [first] = entries
    const slots = entries.length > 1 ? { slots: entries.length } : {}
    const members = [
      ...membersOf({ id: numbered(id, index), role: 'passive', ip, ...slots }),
      ...(first === undefined ? [] : ownMembers(table, peer, first)),
    ]
    return [
      `  # ${idsOf(entries)} ${entries.length === 1 ? 'dials' : 'dial'} it`,
      ...(doubt === undefined ? [] : [`  # ip: ${doubt}`]),
      ...(differ(table, entries)
        ? [
            '  # they differ in codec or heartbeat, and cannot be told apart here: give one another "bind"',
          ]
        : []),
      `  - { ${members.join(', ')} }`,
    ]
  })
}

/** Connections from one address fill slots as they come. */
function differ(table: ConfigTable, entries: readonly EntryOfOurs[]): boolean {
  const texts = entries.map(({ index, settings }) =>
    [codecLine(table.codecOf(index)), heartbeatLine(settings.heartbeat)].join(' '),
  )
  return texts.some((text) => text !== texts[0])
}

function doorOf(listen: ListenConfig, peer: MirroredPeer, at: string | undefined): OurPlace {
  const ip = isAnyAddress(listen.host) ? at : listen.host
  return ip === undefined ? ourPlaceFor(peer.place) : { ip, doubt: undefined }
}

/** Where our dials come from. */
function sourceOf(
  bind: string | undefined,
  listen: ListenConfig | undefined,
  peer: MirroredPeer,
  at: string | undefined,
): OurPlace {
  const ip = bind ?? at
  if (ip !== undefined) return { ip, doubt: undefined }
  if (listen === undefined || isAnyAddress(listen.host)) return ourPlaceFor(peer.place)
  const doubt = 'where we listen; set "bind" in our table, that our dials come from there'
  return { ip: listen.host, doubt }
}

function membersOf(values: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(values).map(([key, value]) => `${key}: ${inlineMember(value)}`)
}

/** A text that flow maps would take apart is quoted. */
function inlineMember(value: unknown): string {
  const [, text = ''] = /^\{ x: ([\s\S]*) \}$/.exec(inlineYaml({ x: value })) ?? []
  return text
}

function idsOf(entries: readonly EntryOfOurs[]): string {
  return entries.map(({ id }) => `"${id}"`).join(' and ')
}

/** A name that an entry may have: without blanks and marks of links, and not a number. */
function entryName(node: string): string {
  const name = node.replaceAll(/[/*\s\p{C}]+/gu, '-')
  return /^[\d-]*$/.test(name) ? `node-${name}` : name
}

function numbered(name: string, index: number): string {
  return index === 0 ? name : `${name}-${String(index + 1)}`
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
