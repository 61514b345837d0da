import {
  CommloopError,
  foreignText,
  type Node,
  type Outcome,
  type OutcomeEvent,
} from '@commloop/core'
import { newControlId } from '../json/control-id.js'
import type { MessageFields } from '../json/message-fields.js'
import type { SendRequest } from '../json/send-json.js'

/** Added to the TTL: a node looks for expired messages at most ten times a second. */
const EXPIRY_GRACE_MS = 500
/** If a router answers late, the number of copies is unknown: the request waits this long after the first outcome. */
const COPIES_MS = 200

/** How one copy ended. `unsettled`: it had not ended when the time was up. */
export interface CopyReport {
  readonly outcome: Outcome | 'unsettled'
  /** Null if the message reached no link. */
  readonly link: string | null
  readonly reason: string | null
}

const UNSETTLED: CopyReport = { outcome: 'unsettled', link: null, reason: null }

/** Sends single messages for operators, and waits for their outcomes. */
export class OperatorSends {
  readonly #node: Node
  readonly #fields: MessageFields

  constructor(node: Node, fields: MessageFields) {
    this.#node = node
    this.#fields = fields
  }

  /**
   * @param waitMs the longest to wait for outcomes; also the message's TTL, unless `options` has one
   * @returns one report for each copy
   * @throws CommloopError if the node refuses the message, or it has fields that cannot be written
   */
  async send(request: SendRequest, waitMs: number): Promise<CopyReport[]> {
    const { fields, options } = request
    const payload =
      fields === undefined
        ? request.payload
        : this.#fields.write(options.to, fields, request.payload)
    const id = newControlId()
    const pending = new PendingCopies(this.#node, id, waitMs + EXPIRY_GRACE_MS)
    const copiesBefore = this.#node.counters.copies
    try {
      this.#node.send(payload, { ttlMs: waitMs, ...options, id })
    } catch (error) {
      pending.cancel()
      throw CommloopError.is(error) ? error : new Error(foreignText(error))
    }
    // If the router answers immediately, the copies exist when `send` returns.
    const copies = this.#node.counters.copies - copiesBefore
    if (copies > 0) pending.expected = copies
    return await pending.reports
  }
}

/** Collects the outcomes of one message. */
class PendingCopies {
  /** How many copies there are; undefined: not known yet. */
  expected: number | undefined
  readonly reports: Promise<CopyReport[]>
  readonly #node: Node
  readonly #id: string
  readonly #outcomes: CopyReport[] = []
  #resolve: (reports: CopyReport[]) => void = () => undefined
  #timer: NodeJS.Timeout

  constructor(node: Node, id: string, waitMs: number) {
    this.#node = node
    this.#id = id
    this.reports = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.#timer = setTimeout(this.#done, waitMs)
    node.on('outcome', this.#ended)
  }

  /** Stops collecting; `reports` stays pending. */
  cancel(): void {
    clearTimeout(this.#timer)
    this.#node.off('outcome', this.#ended)
  }

  readonly #ended = (event: OutcomeEvent): void => {
    if (event.id !== this.#id) return
    this.#outcomes.push(reportOf(event))
    const count = this.#outcomes.length
    // An outcome without a link is that of the whole message.
    if (event.link === undefined || count === this.expected) this.#done()
    else if (this.expected === undefined && count === 1) {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(this.#done, COPIES_MS)
    }
  }

  readonly #done = (): void => {
    this.cancel()
    const missing = Math.max(0, (this.expected ?? 1) - this.#outcomes.length)
    this.#resolve([...this.#outcomes, ...Array.from({ length: missing }, () => UNSETTLED)])
  }
}

function reportOf({ outcome, link, reason }: OutcomeEvent): CopyReport {
  return { outcome, link: link ?? null, reason: reason ?? null }
}
