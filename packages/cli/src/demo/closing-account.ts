import { tableLines } from '../terminal/table.js'
import type { DemoNetwork } from './demo-network.js'
import { lostIn } from './ledger.js'
import type { FlowCount } from './traffic.js'

export interface ClosingFacts {
  /** Messages queued for B when it came back; undefined: the demo ended before that. */
  readonly waitedForB: number | undefined
  /** All links were up before the stop. */
  readonly allUp: boolean
  /** The user ended the demo early, so that messages for B may be unsent. */
  readonly early: boolean
}

/** The result of the demo. */
export interface ClosingAccount {
  readonly lines: readonly string[]
  /** Every message is accounted for. */
  readonly holds: boolean
}

export function closingAccount(network: DemoNetwork, facts: ClosingFacts): ClosingAccount {
  const flows = network.traffic.counts
  const mistakes = [...ledgerMistakes(network, facts), ...flowMistakes(flows, facts)]
  const verdict =
    mistakes.length > 0
      ? mistakes.map((mistake) => `WRONG: ${mistake}`)
      : [facts.early ? 'The ledger adds up.' : 'The ledger adds up; no message was lost.']
  const { waitedForB } = facts
  return {
    lines: [
      ...tableLines(ledgerRows(network)),
      '',
      ...flows.map(flowLine),
      ...(waitedForB === undefined
        ? []
        : [
            '',
            `${String(waitedForB)} messages for B were queued while it was down, and sent when it came back.`,
          ]),
      '',
      ...verdict,
    ],
    holds: mistakes.length === 0,
  }
}

const LEDGER_HEAD = [
  'ledger',
  'accepted',
  '=',
  'written',
  'queued',
  'dropped',
  'expired',
  'undeliverable',
]

function ledgerRows({ members }: DemoNetwork): string[][] {
  const rows = members.map(({ name, ledger }) => [
    name,
    String(ledger.accepted),
    ledger.holds ? '=' : '≠',
    String(ledger.written),
    String(ledger.queued),
    String(ledger.dropped),
    String(ledger.expired),
    String(ledger.undeliverable),
  ])
  return [LEDGER_HEAD, ...rows]
}

function flowLine({ from, to, sent, arrived, repeated }: FlowCount): string {
  const missing = sent - arrived
  const notes = [
    repeated > 0 ? `${String(repeated)} of them twice, because the first copy was unconfirmed` : '',
    missing > 0 ? missingText(missing, [from, to].includes('B')) : '',
  ].filter((note) => note !== '')
  const tail = notes.map((note) => `; ${note}`).join('')
  return `${from} → ${to}: ${String(sent)} sent, ${String(arrived)} arrived${tail}`
}

function missingText(missing: number, withB: boolean): string {
  return `${String(missing)} ${withB ? 'were on the wire or in B when B was killed' : 'are missing'}`
}

function ledgerMistakes({ members, b }: DemoNetwork, facts: ClosingFacts): string[] {
  const mistakes: string[] = []
  for (const member of members) {
    const { name, ledger } = member
    if (!ledger.holds) mistakes.push(`the ledger of ${name} does not add up`)
    if (ledger.queued > 0) mistakes.push(`${name} stopped with messages in its queues`)
    // B loses its queue when it is killed; an early end may leave messages for B unsent.
    const lost = member === b || facts.early ? 0 : lostIn(ledger)
    if (lost > 0) mistakes.push(`${name} lost ${String(lost)} messages`)
  }
  if (!facts.allUp && !facts.early) mistakes.push('not all links came back')
  return mistakes
}

function flowMistakes(flows: readonly FlowCount[], { early }: ClosingFacts): string[] {
  return flows
    .filter(({ from, to, sent, arrived }) => !early && from !== 'B' && to !== 'B' && arrived < sent)
    .map(
      ({ from, to }) =>
        `messages from ${from} to ${to} are missing, although that link was not cut`,
    )
}
