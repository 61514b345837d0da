import type { OpeningPeer, OpeningSession } from '@commloop/core'
import { ExchangeOpening } from './exchange-opening.js'
import { bytesText } from './written-bytes.js'

/** One side of a rehearsal. */
export interface Player {
  readonly node: string
  readonly options: Readonly<Record<string, unknown>>
}

/** Payloads of one rehearsal. Two sides that still talk after as many will not stop. */
const PAYLOADS_MAX = 1_000

/** Lets the exchanges of the two sides of a link talk to each other. @returns why they do not open; undefined: they do */
export function rehearsed(left: Player, right: Player): string | undefined {
  const sides: readonly [Side, Side] = [new Side(left, 'active'), new Side(right, 'passive')]
  for (const side of sides) side.begin()
  for (let count = 0; count < PAYLOADS_MAX; count++) {
    const from = sides.find(({ said }) => said.length > 0)
    if (from === undefined) return stuck(sides)
    const to = from === sides[0] ? sides[1] : sides[0]
    const problem = to.hear(from)
    if (problem !== undefined) return problem
  }
  return `the openings of ${left.node} and ${right.node} answer each other without end`
}

function stuck(sides: readonly [Side, Side]): string | undefined {
  const waiting = sides.filter(({ isOpen }) => !isOpen)
  if (waiting.length === 0) return undefined
  const places = waiting.map(({ node, progress }) => `${node} waits at ${progress}`)
  return `the openings do not meet: ${places.join(', and ')}, and nothing more is sent`
}

/** A side, without a connection. */
class Side {
  readonly node: string
  readonly said: Uint8Array[] = []
  isOpen = false
  readonly #peer: OpeningPeer
  readonly #opening: ExchangeOpening
  #refusal: string | undefined
  #session: OpeningSession | undefined

  constructor({ node, options }: Player, role: OpeningPeer['role']) {
    this.node = node
    this.#opening = new ExchangeOpening(options)
    this.#peer = { link: node, entry: node, role, remote: { ip: '', port: 0 }, identities: [] }
  }

  get progress(): string {
    return this.#session?.progress ?? 'its end'
  }

  begin(): void {
    this.#session = this.#opening.begin(this.#peer, {
      send: (payload) => this.said.push(payload),
      open: () => {
        this.isOpen = true
      },
      refuse: (reason) => {
        this.#refusal = reason
      },
    })
  }

  /** Takes the first payload that the other side has said. @returns why the opening fails; undefined: it goes on */
  hear(from: Side): string | undefined {
    const payload = from.said.shift()
    if (payload === undefined || this.#session === undefined) return undefined
    const isTaken = this.#session.received(payload)
    if (this.#refusal !== undefined) return `${this.node} refuses ${from.node}: ${this.#refusal}`
    if (isTaken) return undefined
    return `${from.node} says ${bytesText(payload)} when ${this.node} has finished its opening: ${this.node} takes it as a message`
  }
}
