import assert from 'node:assert/strict'
import type { Check } from './check.js'
import { cutEvery, payloadOf } from './frame-stream.js'
import type { End } from './transport-end.js'
import type { Ends, Play, TransportStage } from './transport-stage.js'

const MIB = 2 ** 20
const SIZES = [1, 2, 1000, 65_535, 65_536, 65_537, MIB, 5 * MIB]
/** More chunks than one system call takes (`IOV_MAX` is 1024). */
const CHUNKS = 3000
const CONNECTIONS = 40
/** More than a system buffers for a peer that does not read, in writes of `CHUNK_BYTES`. */
const FULL_BYTES = 16 * MIB
const CHUNK_BYTES = 128 * 1024

/** What the contract of Connection requires for bytes that are sent. */
export function transportWritingChecks(play: Play): readonly Check[] {
  return [
    play('carries writes of 1 byte to several MiB completely and in order', carriesSizes),
    play('carries the chunks of one write in order, including empty ones', carriesChunks),
    play('confirms a write without bytes once', confirmsEmpty),
    play('confirms each write once, and accepts the next one within written', confirmsEach),
    play('leaves the chunks as they are, and does not use them after written', freesChunks),
    play('does not use chunks after write if write has returned true', freesChunksAtOnce),
    play('carries both directions at the same time', carriesBothWays),
    play('keeps many concurrent connections separate', keepsApart),
  ]
}

function assertContent(end: End, sent: Uint8Array, what: string): void {
  assert.equal(end.receivedBytes, sent.length, `${what}: bytes received`)
  assert.ok(end.content.equals(sent), `${what}: other bytes arrived than were sent`)
}

async function carriesSizes(stage: TransportStage): Promise<void> {
  const { near, far } = await stage.connected()
  far.setReading(true)
  for (const [at, size] of SIZES.entries()) {
    const before = far.receivedBytes
    const sent = payloadOf(size)
    near.write(sent)
    const all = (): boolean => far.receivedBytes >= before + size && near.writtenCount === at + 1
    await stage.until(`${String(size)} bytes, and written`, all)
    assert.ok(far.content.subarray(before).equals(sent), `${String(size)} bytes: changed`)
  }
}

async function carriesChunks(stage: TransportStage): Promise<void> {
  const { near, far } = await stage.connected()
  far.setReading(true)
  const sent = payloadOf(CHUNKS * 7)
  const nothing = new Uint8Array(0)
  const chunks = cutEvery(sent, 7).flatMap((chunk, at) => (at % 3 === 0 ? [nothing, chunk] : chunk))
  near.write(nothing, ...chunks, nothing)
  const whole = (): boolean => far.receivedBytes >= sent.length && near.writtenCount === 1
  await stage.until('all bytes, and written', whole)
  assertContent(far, sent, `${String(chunks.length)} chunks`)
}

async function confirmsEmpty(stage: TransportStage): Promise<void> {
  const { near, far } = await stage.connected()
  far.setReading(true)
  const nothing = new Uint8Array(0)
  for (const [at, chunks] of [[], [nothing], [nothing, nothing]].entries()) {
    near.write(...chunks)
    await stage.until('written', () => near.writtenCount === at + 1)
  }
  await stage.rest()
  assert.deepEqual([near.writtenCount, far.receivedBytes], [3, 0])
}

async function confirmsEach(stage: TransportStage): Promise<void> {
  const { near, far } = await stage.connected()
  far.setReading(true)
  const pieces = cutEvery(payloadOf(20_000), 100)
  let at = 0
  const next = (): void => {
    const piece = pieces[at++]
    if (piece !== undefined) near.write(piece)
  }
  near.onWritten = next
  next()
  await stage.until('all bytes, and written', () => {
    return far.receivedBytes >= 20_000 && near.writtenCount >= pieces.length
  })
  await stage.rest()
  assert.equal(near.writtenCount, pieces.length, 'how often written came')
  assertContent(far, payloadOf(20_000), 'writes one after the other')
}

async function freesChunks(stage: TransportStage): Promise<void> {
  const { near, far } = await stage.connected()
  const chunks = [payloadOf(3000), payloadOf(MIB), payloadOf(10)]
  const sent = Buffer.concat(chunks)
  let changed = false
  near.onWritten = () => {
    changed = !Buffer.concat(chunks).equals(sent)
    for (const chunk of chunks) chunk.fill(0)
  }
  near.write(...chunks)
  far.setReading(true)
  const whole = (): boolean => near.writtenCount === 1 && far.receivedBytes >= sent.length
  await stage.until('all bytes, and written', whole)
  assert.equal(changed, false, 'a chunk was changed while it was being written')
  assertContent(far, sent, 'chunks that were reused after written')
}

/** The other side reads only after all writes: at first the system has room for the bytes, later it has not. */
async function freesChunksAtOnce(stage: TransportStage): Promise<void> {
  const { near, far } = await stage.connected()
  const sent = payloadOf(FULL_BYTES)
  let at = 0
  const next = (): void => {
    if (at === sent.length) return
    const chunk = new Uint8Array(sent.subarray(at, at + CHUNK_BYTES))
    at += chunk.length
    if (near.write(chunk)) chunk.fill(0)
  }
  near.onWritten = next
  next()
  await stage.rest()
  far.setReading(true)
  await stage.until('all bytes', () => far.receivedBytes >= sent.length)
  assertContent(far, sent, 'chunks that were reused after write')
}

async function carriesBothWays(stage: TransportStage): Promise<void> {
  const { near, far } = await stage.connected()
  await exchange(stage, [{ near, far }], 2 * MIB)
}

async function keepsApart(stage: TransportStage): Promise<void> {
  const listener = await stage.open()
  const pairs: Ends[] = []
  while (pairs.length < CONNECTIONS) pairs.push(await stage.join(listener))
  await exchange(stage, pairs, 10_000)
}

/** Sends different bytes to each end, over all connections and in both directions at the same time. */
async function exchange(
  stage: TransportStage,
  pairs: readonly Ends[],
  bytes: number,
): Promise<void> {
  const ways = pairs.flatMap(({ near, far }) => [
    { from: near, to: far },
    { from: far, to: near },
  ])
  const expected = ways.map(({ from, to }, at) => {
    const sent = payloadOf(bytes + at)
    to.setReading(true)
    from.write(sent)
    return { to, sent }
  })
  await stage.until('all bytes', () =>
    expected.every(({ to, sent }) => to.receivedBytes >= sent.length),
  )
  for (const { to, sent } of expected) assertContent(to, sent, 'both directions at the same time')
}
