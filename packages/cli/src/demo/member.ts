import {
  createNode,
  type EntryOptions,
  ExponentialBackoff,
  type LinkChange,
  type Node,
  ReconnectStrategy,
  Transport,
  use,
  useRouter,
} from '@commloop/core'
import { len16Codec } from '@commloop/codec-len16'
import { TcpTransport } from '@commloop/transport-tcp'
import { addLedgers, EMPTY_LEDGER, type Ledger, ledgerOf } from './ledger.js'
import { LetterRouter } from './letter-router.js'
import { MortalTransport } from './mortal-transport.js'

export interface Place {
  readonly ip: string
  readonly port: number
}

/** The events of a member. */
export interface MemberListener {
  linkChanged(member: Member, change: LinkChange): void
  received(member: Member, payload: Uint8Array): void
}

/** Fast enough for a demo; a real table uses the defaults. */
const RECONNECT = { min: '100ms', initial: '200ms', max: '600ms', maxAttempts: 0 } as const

const STOP_MS_MAX = 2_000

/** One machine of the demo: a name, an address and a table, and the node that runs there unless it was killed. */
export class Member {
  readonly name: string
  readonly place: Place
  readonly #links: readonly EntryOptions[]
  readonly #listener: MemberListener
  #node: Node | undefined
  #ending = false
  #transport: MortalTransport | undefined
  /** The sum over nodes that ran here before. */
  #retired: Ledger = EMPTY_LEDGER

  constructor(
    name: string,
    place: Place,
    links: readonly EntryOptions[],
    listener: MemberListener,
  ) {
    this.name = name
    this.place = place
    this.#links = links
    this.#listener = listener
  }

  /** undefined: killed. */
  get node(): Node | undefined {
    return this.#node
  }

  get ledger(): Ledger {
    return this.#node === undefined
      ? this.#retired
      : addLedgers(this.#retired, ledgerOf(this.#node))
  }

  /** @throws CommloopError CML_ERR_LISTEN */
  async start(): Promise<void> {
    const { ip, port } = this.place
    const transport = new MortalTransport(new TcpTransport())
    const node = createNode(
      { node: this.name, listen: { host: ip, port }, bind: ip, links: this.#links },
      use(Transport, transport),
      use(ReconnectStrategy, new ExponentialBackoff(RECONNECT)),
      len16Codec(),
      useRouter(new LetterRouter()),
    )
    node
      .on('link', (change) => {
        // A killed process reports nothing, and the closing links of a stop are not interesting.
        if (!this.#ending) this.#listener.linkChanged(this, change)
      })
      .on('message', ({ payload }) => {
        this.#listener.received(this, payload)
      })
    this.#ending = false
    this.#transport = transport
    this.#node = node
    await node.start()
  }

  /** Simulates the death of the process: connections are reset, and the queue is lost. */
  async kill(): Promise<void> {
    this.#transport?.kill()
    await this.#end(0)
  }

  async stop(): Promise<void> {
    await this.#end(STOP_MS_MAX)
  }

  async #end(deadlineMs: number): Promise<void> {
    const node = this.#node
    this.#ending = true
    await node?.stop({ deadlineMs })
    if (node === undefined || this.#node !== node) return
    this.#retired = addLedgers(this.#retired, ledgerOf(node))
    this.#node = undefined
  }
}
