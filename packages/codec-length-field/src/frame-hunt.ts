import type { StreamLosses } from '@commloop/core'
import { hasMagic } from './frame-measure.js'
import type { LengthFieldSettings } from './length-field-settings.js'

/**
 * Work for damaged frames that each received byte allows, in bytes. A damaged frame is read again from its second byte, so
 * frames that contain each other would cost quadratic time. Without work left, the whole frame is dropped.
 */
const WORK_PER_BYTE = 8

/** Finds the next frame after bytes that are not one, and counts what is left out. */
export class FrameHunt implements StreamLosses {
  skippedBytes = 0
  droppedFrames = 0
  readonly #magic: LengthFieldSettings['magic']
  readonly #first: number
  readonly #workMax: number
  #work = 0

  constructor({ magic, payloadBytesMax }: LengthFieldSettings) {
    this.#magic = magic
    this.#first = magic.find(({ at }) => at === 0)?.byte ?? 0
    this.#workMax = WORK_PER_BYTE * (payloadBytesMax + 4096)
  }

  /** Bytes have arrived. */
  received(bytes: number): void {
    this.#work = Math.min(this.#workMax, this.#work + WORK_PER_BYTE * bytes)
  }

  /** Where the next frame may begin, after bytes at `at` that are not one; `end` if it has not arrived. */
  after(bytes: Uint8Array, at: number, end: number): number {
    const next = this.#from(bytes, at + 1, end)
    this.skippedBytes += next - at
    return next
  }

  /** The same, after a complete frame that is damaged. */
  afterDamaged(bytes: Uint8Array, at: number, end: number, frameBytes: number): number {
    this.droppedFrames++
    this.#work -= frameBytes
    if (this.#work > 0) return this.after(bytes, at, end)
    this.skippedBytes += frameBytes
    return at + frameBytes
  }

  /** Where a frame may begin, from `at` on: whole magic bytes, or as many of them as have arrived. */
  begin(bytes: Uint8Array, at: number, end: number): number {
    const next = this.#from(bytes, at, end)
    this.skippedBytes += next - at
    return next
  }

  #from(bytes: Uint8Array, at: number, end: number): number {
    let place = bytes.indexOf(this.#first, at)
    while (place !== -1 && place < end) {
      if (hasMagic(this.#magic, bytes, place, end)) return place
      place = bytes.indexOf(this.#first, place + 1)
    }
    return end
  }
}
