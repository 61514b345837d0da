import { CommloopError, type Node, type Outcome, type OutcomeEvent } from '@commloop/core'
import type { SendRequest } from '../json/send-json.js'
import { newControlId } from '../json/control-id.js'

/** Beyond the TTL: expired messages are looked for ten times a second at most. */
const EXPIRY_GRACE_MS = 500
/** With a router that answers late nobody knows how many copies there are: those of one answer end in this time. */
const COPIES_MS = 200

/** How one copy ended; `unsettled`: it had not when the time was up. */
export interface CopyReport {
  readonly outcome: Outcome | 'unsettled'
  readonly link: string | null
  readonly reason: string | null
}

/** Sends single messages for operators, and waits for what becomes of each. */
export class HandSends {
  readonly #node: Node

  constructor(node: Node) {
    this.#node = node
  }

  /**
   * @param waitMs the message expires after it, unless it has a TTL of its own
   * @returns one report for each copy
   * @throws CommloopError where the node refuses the message
   */
  send({ payload, options }: SendRequest, waitMs: number): Promise<CopyReport[]> {
    const id = newControlId()
    const outcomes: CopyReport[] = []
    return new Promise((resolve, reject) => {
      /** How many outcomes there will be; undefined: not known yet. */
      let copies: number | undefined = undefined
      let timer = setTimeout(() => {
        done()
      }, waitMs + EXPIRY_GRACE_MS)
      const done = (): void => {
        clearTimeout(timer)
        this.#node.off('outcome', heard)
        const unknown = Math.max(0, (copies ?? 1) - outcomes.length)
        resolve([...outcomes, ...Array.from({ length: unknown }, () => UNSETTLED)])
      }
      const heard = (event: OutcomeEvent): void => {
        if (event.id !== id) return
        outcomes.push(reportOf(event))
        // One that reached no link is the whole message.
        if (event.link === undefined || outcomes.length === copies) done()
        else if (copies === undefined && outcomes.length === 1) {
          clearTimeout(timer)
          timer = setTimeout(done, COPIES_MS)
        }
      }
      this.#node.on('outcome', heard)
      const copiesBefore = this.#node.counters.copies
      try {
        this.#node.send(payload, { ttlMs: waitMs, ...options, id })
      } catch (error) {
        clearTimeout(timer)
        this.#node.off('outcome', heard)
        reject(CommloopError.is(error) ? error : new Error(String(error)))
        return
      }
      // A router that answers at once has made its copies within the call.
      const made = this.#node.counters.copies - copiesBefore
      copies = made > 0 ? made : undefined
    })
  }
}

const UNSETTLED: CopyReport = { outcome: 'unsettled', link: null, reason: null }

function reportOf({ outcome, link, reason }: OutcomeEvent): CopyReport {
  return { outcome, link: link ?? null, reason: reason ?? null }
}
