import type { LinkOpening, OpeningDoor, OpeningPeer, OpeningSession } from '@commloop/core'
import {
  type ExchangeOptions,
  type ExchangeSettings,
  exchangeSettings,
  type ExpectStep,
  type Step,
} from './exchange-options.js'
import { patternsText } from './pattern.js'
import { bytesText } from './written-bytes.js'

/**
 * Sends and expects payloads in the order of its steps. When all of them are done, messages pass. Answers are given at
 * any time, also afterwards.
 */
export class ExchangeOpening implements LinkOpening {
  readonly #settings: ExchangeSettings

  /** @throws CommloopError CML_ERR_CONFIG_INVALID for unknown or invalid options. */
  constructor(options: ExchangeOptions | Readonly<Record<string, unknown>>) {
    this.#settings = exchangeSettings(options as Readonly<Record<string, unknown>>)
  }

  begin(_peer: OpeningPeer, door: OpeningDoor): OpeningSession {
    return new ExchangeSession(this.#settings, door)
  }
}

class ExchangeSession implements OpeningSession {
  readonly stays: boolean
  readonly #settings: ExchangeSettings
  readonly #door: OpeningDoor
  /** The position of the present step. */
  #at = 0

  constructor(settings: ExchangeSettings, door: OpeningDoor) {
    this.#settings = settings
    this.#door = door
    this.stays = settings.answers.length > 0
    this.#sayUntilExpected()
  }

  get #step(): Step | undefined {
    return this.#settings.steps[this.#at]
  }

  /** `step 2 of 3 (connect confirm)`; undefined: all steps are done. */
  get progress(): string | undefined {
    const step = this.#step
    if (step === undefined) return undefined
    const place = `step ${String(this.#at + 1)} of ${String(this.#settings.steps.length)}`
    return step.name === undefined ? place : `${place} (${step.name})`
  }

  #sayUntilExpected(): void {
    for (let step = this.#step; step?.kind === 'send'; step = this.#step) {
      this.#door.send(step.payload.bytes)
      this.#at++
    }
    if (this.#step === undefined) this.#door.open()
  }

  received(payload: Uint8Array): boolean {
    const step = this.#step
    if (step?.kind === 'expect' && step.patterns.some((pattern) => pattern.matches(payload))) {
      this.#at++
      this.#sayUntilExpected()
      return true
    }
    const answer = this.#settings.answers.find(({ pattern }) => pattern.matches(payload))
    if (answer?.payload !== undefined) this.#door.send(answer.payload.bytes)
    if (answer !== undefined) return true
    if (step?.kind !== 'expect') return false
    this.#door.refuse(this.#refusal(step, payload))
    return true
  }

  #refusal(step: ExpectStep, payload: Uint8Array): string {
    const place = this.progress ?? ''
    const isSecret = step.patterns.some((pattern) => pattern.isSecret)
    const sent = isSecret ? 'something else' : bytesText(payload)
    const refusal = step.refusals.find(({ pattern }) => pattern.matches(payload))
    if (refusal !== undefined)
      return `${place}: ${refusal.reason ?? `the peer refuses with ${sent}`}`
    return `${place} expects ${patternsText(step.patterns)}, and the peer sent ${sent}`
  }
}
