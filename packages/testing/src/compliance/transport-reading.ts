import assert from 'node:assert/strict'
import type { Check } from './check.js'
import { payloadOf } from './frame-stream.js'
import type { Play, TransportStage } from './transport-stage.js'

const MIB = 2 ** 20
/** More than any kernel buffers for a connection whose peer does not read. */
export const STUCK_BYTES = 64 * MIB
const PAUSES = 8

/** What the contract of Connection requires for bytes that arrive. */
export function transportReadingChecks(play: Play): readonly Check[] {
  return [
    play('does not read at first: it receives nothing before setReading(true)', bornNotReading),
    play(
      'receives nothing after setReading(false) has returned, and continues without a gap',
      pauses,
    ),
    play('accepts setReading many times before anything arrives', toggles),
    play('makes the writer wait while the other side does not read', holdsUpWriter),
    play('keeps the bytes before the end for a side that reads late', readsLate),
    play('hands out chunks that it never writes to again', leavesChunks),
  ]
}

async function bornNotReading(stage: TransportStage): Promise<void> {
  const { near, far } = await stage.connected()
  near.write(payloadOf(1000))
  far.write(payloadOf(500))
  await stage.rest()
  assert.deepEqual([near.receivedBytes, far.receivedBytes], [0, 0])
  for (const end of [near, far]) end.setReading(true)
  await stage.until('all bytes', () => near.receivedBytes === 500 && far.receivedBytes === 1000)
}

async function pauses(stage: TransportStage): Promise<void> {
  const { near, far } = await stage.connected()
  const sent = payloadOf(3 * MIB)
  near.write(sent)
  far.onReceived = () => {
    far.setReading(false)
  }
  let rounds = 0
  while (far.receivedBytes < sent.length) {
    const before = far.receivedBytes
    far.setReading(true)
    await stage.until('the next chunk', () => far.receivedBytes > before)
    // Only for some pauses, because it would take long if the chunks are small.
    if (rounds++ < PAUSES) await stage.rest()
    else far.onReceived = () => undefined
  }
  assert.ok(far.content.equals(sent), 'other bytes arrived than were sent')
}

async function toggles(stage: TransportStage): Promise<void> {
  const { near, far } = await stage.connected()
  near.write(payloadOf(10))
  // The same value twice counts once.
  for (const on of [true, true, false, true, false, false, true, true, false]) far.setReading(on)
  await stage.rest()
  assert.equal(far.receivedBytes, 0)
  far.setReading(true)
  await stage.until('all bytes', () => far.receivedBytes === 10)
}

async function holdsUpWriter(stage: TransportStage): Promise<void> {
  const { near } = await stage.connected()
  near.write(Buffer.alloc(STUCK_BYTES))
  await stage.rest()
  assert.equal(near.writtenCount, 0, 'confirmed although the other side has not read')
}

async function readsLate(stage: TransportStage): Promise<void> {
  const { near, far } = await stage.connected()
  near.write(payloadOf(5000))
  near.end()
  await stage.rest()
  assert.equal(far.receivedBytes, 0)
  far.setReading(true)
  await stage.until('ended', () => far.hasEnded)
  assert.ok(far.content.equals(payloadOf(5000)), 'other bytes arrived than were sent')
}

async function leavesChunks(stage: TransportStage): Promise<void> {
  const { near, far } = await stage.connected()
  const copies: Buffer[] = []
  far.onReceived = (chunk) => {
    copies.push(Buffer.from(chunk))
  }
  far.setReading(true)
  for (let round = 1; round <= 20; round++) {
    const { receivedBytes } = far
    near.write(payloadOf(round * 5000))
    const all = receivedBytes + round * 5000
    await stage.until('all bytes', () => far.receivedBytes === all && near.writtenCount === round)
  }
  const same = far.chunks.every((chunk, at) => copies[at]?.equals(chunk) === true)
  assert.ok(same, 'a chunk has changed after it was handed out')
}
