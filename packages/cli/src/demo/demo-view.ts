import type { LinkChange } from '@commloop/core'
import { addressText } from '@commloop/core'
import type { WriteStream } from 'node:tty'
import { LiveScreen } from '../terminal/live-screen.js'
import { fittedLine, tableLines } from '../terminal/table.js'
import type { DemoNetwork } from './demo-network.js'
import { addLedgers, EMPTY_LEDGER } from './ledger.js'
import type { Member } from './member.js'
import { networkTable } from './network-table.js'

/** Shows the demo while it runs. */
export interface DemoView {
  /** Shows what happens next. */
  announce(text: string): void
  linkChanged(member: Member, change: LinkChange): void
  close(): void
}

/** Time since the start, before each event. */
function timeText(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(5)}s`
}

function changeText({ name }: Member, change: LinkChange): string {
  const { link, state, remote, reason } = change
  const peer = remote === undefined ? '' : ` with ${addressText(remote)}`
  const why = reason === undefined ? '' : `: ${reason}`
  return `${name}: ${link} is ${state}${peer}${why}`
}

/** The totals of all nodes in one line. */
function trafficText(network: DemoNetwork): string {
  const all = network.members.map(({ ledger }) => ledger).reduce(addLedgers, EMPTY_LEDGER)
  const up = network.members
    .flatMap(({ node }) => node?.links() ?? [])
    .filter(({ state }) => state === 'up').length
  return `${String(up)} links up; messages: ${String(all.written)} written, ${String(all.received)} received, ${String(all.queued)} queued`
}

const REDRAW_MS = 250
const EVENTS_SHOWN = 6

/** For a terminal: a table that is updated in place. */
export class LiveView implements DemoView {
  readonly #network: () => DemoNetwork
  readonly #elapsedMs: () => number
  readonly #color: boolean
  readonly #events: string[] = []
  readonly #screen: LiveScreen
  #announcement = ''

  constructor(terminal: WriteStream, network: () => DemoNetwork, elapsedMs: () => number) {
    this.#network = network
    this.#elapsedMs = elapsedMs
    this.#color = terminal.hasColors()
    this.#screen = new LiveScreen(terminal, REDRAW_MS, (columns) => this.#lines(columns))
  }

  announce(text: string): void {
    this.#announcement = text
    this.#add(text)
    this.#screen.redraw()
  }

  linkChanged(member: Member, change: LinkChange): void {
    this.#add(changeText(member, change))
  }

  #add(text: string): void {
    this.#events.push(`${timeText(this.#elapsedMs())}  ${text}`)
    if (this.#events.length > EVENTS_SHOWN) this.#events.shift()
  }

  #lines(columns: number): string[] {
    const network = this.#network()
    const head = `commloop demo ${timeText(this.#elapsedMs())}   ${this.#announcement}`
    return [
      fittedLine(head, columns),
      '',
      ...tableLines(networkTable(network.members), { columns, color: this.#color }),
      '',
      fittedLine(trafficText(network), columns),
      '',
      ...this.#events.map((event) => fittedLine(event, columns)),
      '',
      fittedLine('Ctrl-C ends the demo early', columns),
    ]
  }

  close(): void {
    this.#screen.close()
  }
}

const SUMMARY_MS = 2_000

/** For output that is not a terminal: a line for each change, and a summary of the traffic every two seconds. */
export class PlainView implements DemoView {
  readonly #write: (line: string) => void
  readonly #elapsedMs: () => number
  readonly #timer: NodeJS.Timeout

  constructor(write: (line: string) => void, network: () => DemoNetwork, elapsedMs: () => number) {
    this.#write = write
    this.#elapsedMs = elapsedMs
    this.#timer = setInterval(() => {
      this.announce(trafficText(network()))
    }, SUMMARY_MS)
  }

  announce(text: string): void {
    this.#write(`${timeText(this.#elapsedMs())}  ${text}\n`)
  }

  linkChanged(member: Member, change: LinkChange): void {
    this.announce(changeText(member, change))
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
