import { alignedLines, type Cell } from '../terminal/cells.js'
import type { DemoNetwork } from './demo-network.js'
import { lostIn } from './ledger.js'
import type { FlowCount } from './traffic.js'

export interface ClosingFacts {
  /** Messages that waited for B when it came back; undefined: it was not away. */
  readonly waitedForB: number | undefined
  /** All links were up at the end. */
  readonly allUp: boolean
  /** Ended before its time: what B missed could not be made good. */
  readonly early: boolean
}

/** The account at the end: text for people, and whether everything is as it has to be. */
export interface ClosingAccount {
  readonly lines: readonly string[]
  readonly holds: boolean
}

export function closingAccount(network: DemoNetwork, facts: ClosingFacts): ClosingAccount {
  const flows = network.traffic.counts
  const mistakes = [...ledgerMistakes(network, facts), ...flowMistakes(flows, facts)]
  const verdict =
    mistakes.length > 0
      ? mistakes.map((mistake) => `WRONG: ${mistake}`)
      : [facts.early ? 'The ledger holds.' : 'The ledger holds; nothing was lost between them.']
  const { waitedForB } = facts
  return {
    lines: [
      ...alignedLines(ledgerRows(network), Number.POSITIVE_INFINITY, false),
      '',
      ...flows.map(flowLine),
      ...(waitedForB === undefined
        ? []
        : [
            '',
            `${String(waitedForB)} messages for B waited while it was away, and were sent then.`,
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

function ledgerRows({ members }: DemoNetwork): Cell[][] {
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
  return [LEDGER_HEAD, ...rows].map((row) => row.map((text) => ({ text })))
}

function flowLine({ from, to, sent, arrived, repeated }: FlowCount): string {
  const missing = sent - arrived
  const notes = [
    repeated > 0
      ? `${String(repeated)} of them twice, for nobody had confirmed the first time`
      : '',
    missing > 0 ? missingText(missing, [from, to].includes('B')) : '',
  ].filter((note) => note !== '')
  const tail = notes.map((note) => `; ${note}`).join('')
  return `${from} → ${to}: ${String(sent)} sent, ${String(arrived)} arrived${tail}`
}

function missingText(missing: number, withB: boolean): string {
  return `${String(missing)} ${withB ? 'were on the wire or in B when it was killed' : 'are missing'}`
}

function ledgerMistakes({ members, b }: DemoNetwork, facts: ClosingFacts): string[] {
  const mistakes: string[] = []
  for (const member of members) {
    const { name, ledger } = member
    if (!ledger.holds) mistakes.push(`the ledger of ${name} does not add up`)
    if (ledger.queued > 0) mistakes.push(`${name} has ended with messages in its queues`)
    // What B had accepted and not sent died with it, and whoever ends early leaves B's messages unsent.
    const lost = member === b || facts.early ? 0 : lostIn(ledger)
    if (lost > 0) mistakes.push(`${name} has lost ${String(lost)} messages`)
  }
  if (!facts.allUp && !facts.early) mistakes.push('not all links came back')
  return mistakes
}

function flowMistakes(flows: readonly FlowCount[], { early }: ClosingFacts): string[] {
  return flows
    .filter(({ from, to, sent, arrived }) => !early && from !== 'B' && to !== 'B' && arrived < sent)
    .map(({ from, to }) => `messages from ${from} to ${to} are missing, and nobody cut that link`)
}
