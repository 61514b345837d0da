import { durationText, type LinkHandle } from '@commloop/core'
import { STATE_STYLES } from '../terminal/state-styles.js'
import type { Cell } from '../terminal/table.js'
import type { Member } from './member.js'

const HEAD = [
  'node',
  'link',
  'role',
  'peer           ',
  'state   ',
  'epoch',
  'written',
  'received',
  'queued',
  '',
]

/** The current state of every link of every member. */
export function networkTable(members: readonly Member[]): Cell[][] {
  return [
    HEAD.map((text) => ({ text, style: 'bold' as const })),
    ...members.flatMap((member) => memberRows(member)),
  ]
}

function memberRows({ name, node, place }: Member): Cell[][] {
  const machine = { text: `${name} ${place.ip}` }
  if (node === undefined) return [[machine, { text: 'killed', style: 'red' }]]
  return node.links().map((link, at) => [at === 0 ? machine : '', ...linkCells(link)])
}

function linkCells(link: LinkHandle): Cell[] {
  const { written, received, queued } = link.counters
  const waiting: Cell = { text: String(queued), style: queued > 0 ? 'yellow' : 'dim' }
  return [
    { text: link.id },
    { text: link.role },
    { text: link.remote === undefined ? '' : `${link.remote.ip}:${String(link.remote.port)}` },
    { text: link.state, style: STATE_STYLES[link.state] },
    { text: String(link.epoch) },
    { text: String(written) },
    { text: String(received) },
    waiting,
    { text: noteOf(link), style: 'dim' },
  ]
}

function noteOf({ reason, state, nextDialInMs }: LinkHandle): string {
  if (state === 'up') return ''
  const next = nextDialInMs === undefined ? '' : `, dials in ${durationText(nextDialInMs)}`
  return `${reason ?? ''}${next}`
}
