import { Child } from '../process/child.js'
import type { Plan } from '../plan.js'
import { withinMs } from '../process/within-ms.js'
import { ONE_WAY_ROLES, type Receiver, type Sender } from './one-way-roles.js'

/** A run that takes longer has lost a message. */
const RUN_MS_MAX = 60_000
/** The number of messages grows until a run takes this long, because the speed is unknown and the code not compiled. */
const CALIBRATION_MS = 60
const CALIBRATION_MESSAGES = 500
const THOROUGH_BYTES_MAX = 8 * 1024 * 1024
const THOROUGH_MESSAGES_MAX = 20_000

export interface Run {
  /** Milliseconds from the first send to the last arrival. */
  readonly tookMs: number
  /** CPU time of the two processes, without that of a server or another program. */
  readonly senderCpuMs: number
  readonly receiverCpuMs: number
}

/** The two processes of one contender. They run for all rounds, so that all contenders are measured warm and in turn. */
export class OneWayPair {
  readonly #receiver: Child<Receiver>
  readonly #sender: Child<Sender>

  readonly #lanes: number

  private constructor(receiver: Child<Receiver>, sender: Child<Sender>, lanes: number) {
    this.#lanes = lanes
    this.#receiver = receiver
    this.#sender = sender
  }

  static async start(contender: string, lanes = 1): Promise<OneWayPair> {
    const receiver = await Child.start<Receiver>(ONE_WAY_ROLES, 'receiver', [contender])
    try {
      const port = await receiver.call('port')
      const sender = await Child.start<Sender>(ONE_WAY_ROLES, 'sender', [contender, port])
      return new OneWayPair(receiver, sender, lanes)
    } catch (error) {
      await receiver.stop()
      throw error
    }
  }

  /** @throws Error if the received messages are not correct */
  async run(payloadBytes: number, messages: number, thorough = false): Promise<Run> {
    const traffic = { payloadBytes, messages, lanes: this.#lanes, thorough }
    await this.#receiver.call('expect', traffic)
    const before = await this.#cpuMs()
    const both = Promise.all([this.#sender.call('send', traffic), this.#receiver.call('arrival')])
    const [startedMs, { lastMs, problem }] = await withinMs(both, RUN_MS_MAX, 'the last message')
    if (problem !== '') throw new Error(problem)
    const after = await this.#cpuMs()
    return {
      tookMs: lastMs - startedMs,
      senderCpuMs: after.sender - before.sender,
      receiverCpuMs: after.receiver - before.receiver,
    }
  }

  async #cpuMs(): Promise<{ readonly sender: number; readonly receiver: number }> {
    const [sender, receiver] = await Promise.all([
      this.#sender.call('cpuMs'),
      this.#receiver.call('cpuMs'),
    ])
    return { sender, receiver }
  }

  /** Compares every byte once, warms up, and finds how many messages make a round. */
  async calibrate(payloadBytes: number, { roundMs, messagesPerLinkMin }: Plan): Promise<number> {
    const thorough = Math.min(THOROUGH_MESSAGES_MAX, Math.ceil(THOROUGH_BYTES_MAX / payloadBytes))
    await this.run(payloadBytes, thorough, true)
    let messages = CALIBRATION_MESSAGES
    for (;;) {
      const { tookMs } = await this.run(payloadBytes, messages)
      if (tookMs >= Math.min(CALIBRATION_MS, roundMs)) {
        const fewest = this.#lanes === 1 ? 1 : this.#lanes * messagesPerLinkMin
        return Math.max(fewest, Math.round((messages * roundMs) / tookMs))
      }
      messages *= 3
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.#sender.stop(), this.#receiver.stop()])
  }
}
