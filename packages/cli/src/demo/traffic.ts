import { randomInt } from 'node:crypto'
import { CommloopError } from '@commloop/core'
import type { Member } from './member.js'

const EVERY_MS = 10
const FILLING_BYTES_MAX = 1_500

interface Flow {
  readonly from: Member
  readonly to: Member
  sent: number
  /** Numbers of the messages that arrived. */
  readonly arrived: Set<number>
  repeated: number
}

/** The messages of one flow, counted by its receiver. */
export interface FlowCount {
  readonly from: string
  readonly to: string
  readonly sent: number
  readonly arrived: number
  /** Arrived more than once: resent because their write was unconfirmed when the connection was cut. */
  readonly repeated: number
}

/**
 * Numbered messages between members. A payload is the letter of the receiver (for the router), the letter of the sender,
 * the number, and filling bytes.
 */
export class Traffic {
  readonly #flows: readonly Flow[]
  #timer: NodeJS.Timeout | undefined

  constructor(pairs: readonly (readonly [Member, Member])[]) {
    this.#flows = pairs.map(([from, to]) => ({
      from,
      to,
      sent: 0,
      arrived: new Set(),
      repeated: 0,
    }))
  }

  get counts(): readonly FlowCount[] {
    return this.#flows.map(({ from, to, sent, arrived, repeated }) => ({
      from: from.name,
      to: to.name,
      sent,
      arrived: arrived.size,
      repeated,
    }))
  }

  start(): void {
    this.#timer = setInterval(() => {
      for (const flow of this.#flows) send(flow)
    }, EVERY_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  received(member: Member, payload: Uint8Array): void {
    const view = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
    const sender = String.fromCharCode(view.readUInt8(1))
    const flow = this.#flows.find(({ from, to }) => to === member && from.name === sender)
    if (flow === undefined)
      throw new Error(`demo: ${member.name} received a message for another node`)
    const number = view.readUInt32BE(2)
    if (flow.arrived.has(number)) flow.repeated++
    else flow.arrived.add(number)
  }
}

function send(flow: Flow): void {
  const { from, to } = flow
  const payload = Buffer.alloc(6 + randomInt(FILLING_BYTES_MAX), '.')
  payload.write(to.name + from.name, 'latin1')
  payload.writeUInt32BE(flow.sent, 2)
  try {
    // A killed member sends nothing.
    if (from.node === undefined) return
    from.node.send(payload)
    flow.sent++
  } catch (error) {
    // The node is starting or stopping: it did not accept the message.
    if (!CommloopError.is(error) || error.code !== 'CML_ERR_NOT_RUNNING') throw error
  }
}
