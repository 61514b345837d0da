import assert from 'node:assert/strict'
import type { Check } from './check.js'
import { payloadOf } from './frame-stream.js'
import type { End } from './transport-end.js'
import { STUCK_BYTES } from './transport-reading.js'
import type { Ends, Play, TransportStage } from './transport-stage.js'

const MIB = 2 ** 20

/** What the contract of Connection requires of its end. */
export function transportEndingChecks(play: Play): readonly Check[] {
  return [...endChecks(play), ...destroyChecks(play)]
}

function endChecks(play: Play): readonly Check[] {
  return [
    play(
      'delivers everything that was written before end while the other side is sending',
      lingers,
    ),
    play(
      'continues to read after end, until the other side has ended too: dialling side',
      (stage) => endsOneWay(stage, ({ near, far }) => [near, far]),
    ),
    play(
      'continues to read after end, until the other side has ended too: accepting side',
      (stage) => endsOneWay(stage, ({ near, far }) => [far, near]),
    ),
    play('closes both ends as ended if both sides end at the same moment', endsTogether),
    play('can be ended within ended', endsWithinEnded),
  ]
}

function destroyChecks(play: Play): readonly Check[] {
  return [
    play(
      'closes a destroyed end as destroyed and the other end as failed, exactly once each',
      resets,
    ),
    play('confirms no write after destroy', confirmsNothingDestroyed),
    play('confirms no write that a reset of the other side has cut off', confirmsNothingCutOff),
    play('calls only closed after it is destroyed within received', destroysReading),
    play(
      'calls only closed after it is destroyed with unread bytes and an unread end',
      destroysUnread,
    ),
    play('can be destroyed right after end', destroysAfterEnd),
    play('can be destroyed within opened and accepted', destroysNewborn),
    play('ignores calls after closed', staysClosed),
  ]
}

function assertReason(end: End, kind: string): void {
  const { reason } = end
  assert.equal(reason?.kind, kind, 'the reason of the close')
  if (reason.kind === 'failed') assert.equal(typeof reason.error.message, 'string')
}

async function lingers(stage: TransportStage): Promise<void> {
  const { near, far } = await stage.connected()
  const out = payloadOf(2 * MIB)
  const back = payloadOf(2 * MIB + 1)
  near.setReading(true)
  near.write(out)
  near.end()
  // The other side is sending when the FIN reaches it, and has not ended.
  far.write(back)
  far.setReading(true)
  await stage.until('ended, and all bytes', () => far.hasEnded && near.receivedBytes >= back.length)
  assert.ok(far.content.equals(out), `${String(far.receivedBytes)} of ${String(out.length)} bytes`)
  assert.ok(near.content.equals(back), 'the bytes that came back differ from those that were sent')
  await stage.until('written', () => near.writtenCount === 1 && far.writtenCount === 1)
  assert.deepEqual([near.isClosed, far.isClosed], [false, false], 'closed before both had ended')
  far.end()
  await stage.until('closed', () => near.isClosed && far.isClosed)
  for (const end of [near, far]) assertReason(end, 'ended')
}

async function endsOneWay(stage: TransportStage, order: (ends: Ends) => [End, End]): Promise<void> {
  const [first, second] = order(await stage.connected())
  for (const end of [first, second]) end.setReading(true)
  first.end()
  await stage.until('ended', () => second.hasEnded)
  await stage.rest()
  assert.deepEqual([first.isClosed, second.isClosed], [false, false], 'closed by one FIN')
  second.write(payloadOf(MIB))
  second.end()
  await stage.until('closed', () => first.isClosed && second.isClosed)
  assert.ok(first.content.equals(payloadOf(MIB)), `${String(first.receivedBytes)} bytes came back`)
  assert.deepEqual(first.calls, ['received', 'ended', 'closed'])
  assert.deepEqual(second.calls, ['ended', 'written', 'closed'])
  for (const end of [first, second]) assertReason(end, 'ended')
}

async function endsTogether(stage: TransportStage): Promise<void> {
  const { near, far } = await stage.connected()
  for (const end of [near, far]) end.setReading(true)
  near.end()
  far.end()
  await stage.until('closed', () => near.isClosed && far.isClosed)
  for (const end of [near, far]) {
    assert.deepEqual(end.calls, ['ended', 'closed'])
    assertReason(end, 'ended')
  }
}

async function endsWithinEnded(stage: TransportStage): Promise<void> {
  const { near, far } = await stage.connected()
  for (const end of [near, far]) end.setReading(true)
  far.onEnded = () => {
    far.end()
  }
  near.end()
  await stage.until('closed', () => near.isClosed && far.isClosed)
  for (const end of [near, far]) assertReason(end, 'ended')
}

async function resets(stage: TransportStage): Promise<void> {
  const listener = await stage.open()
  for (const order of [0, 1]) {
    const { near, far } = await stage.join(listener)
    const [first, second] = order === 0 ? [near, far] : [far, near]
    second.setReading(true)
    first.destroy()
    first.destroy()
    await stage.until('closed', () => first.isClosed && second.isClosed)
    assertReason(first, 'destroyed')
    assertReason(second, 'failed')
    await stage.rest()
    assert.deepEqual([first.calls, second.calls], [['closed'], ['closed']])
  }
}

async function confirmsNothingDestroyed(stage: TransportStage): Promise<void> {
  const listener = await stage.open()
  const writes = [
    [payloadOf(10)],
    [payloadOf(10), payloadOf(20)],
    [],
    [Buffer.alloc(STUCK_BYTES)],
    [payloadOf(10), Buffer.alloc(STUCK_BYTES)],
  ]
  for (const chunks of writes) {
    const { near } = await stage.join(listener)
    near.write(...chunks)
    const isStuck = chunks.some((chunk) => chunk.length === STUCK_BYTES)
    if (isStuck) await stage.rest()
    near.destroy()
    await stage.until('closed', () => near.isClosed)
    await stage.rest()
    assert.deepEqual(near.calls, ['closed'])
  }
}

async function confirmsNothingCutOff(stage: TransportStage): Promise<void> {
  const { near, far } = await stage.connected()
  near.setReading(true)
  near.write(Buffer.alloc(STUCK_BYTES))
  await stage.rest()
  far.destroy()
  await stage.until('closed', () => near.isClosed)
  assert.equal(near.writtenCount, 0, 'confirmed although the other side has not read')
  assertReason(near, 'failed')
}

async function destroysReading(stage: TransportStage): Promise<void> {
  const { near, far } = await stage.connected()
  near.write(payloadOf(3 * MIB))
  far.onReceived = () => {
    far.destroy()
  }
  far.setReading(true)
  await stage.until('closed', () => far.isClosed)
  await stage.rest()
  assert.deepEqual(far.calls, ['received', 'closed'])
  assert.equal(far.chunks.length, 1, 'chunks after destroy')
}

async function destroysUnread(stage: TransportStage): Promise<void> {
  const { near, far } = await stage.connected()
  far.onReceived = () => {
    far.setReading(false)
  }
  far.setReading(true)
  near.write(payloadOf(1))
  await stage.until('written, and the first byte', () => {
    return far.receivedBytes === 1 && near.writtenCount === 1
  })
  near.write(payloadOf(20_000))
  near.end()
  await stage.rest()
  const calls = [...far.calls]
  far.setReading(true)
  far.destroy()
  await stage.until('closed', () => far.isClosed)
  await stage.rest()
  assert.deepEqual(far.calls, [...calls, 'closed'])
  assertReason(far, 'destroyed')
}

async function destroysAfterEnd(stage: TransportStage): Promise<void> {
  const { near } = await stage.connected()
  near.setReading(true)
  near.end()
  near.destroy()
  await stage.until('closed', () => near.isClosed)
  assertReason(near, 'destroyed')
}

async function destroysNewborn(stage: TransportStage): Promise<void> {
  const listener = await stage.open()
  const opened = stage.dial(listener.at)
  opened.onOpened = (near) => {
    near.destroy()
  }
  await stage.until('closed', () => opened.end?.isClosed === true)
  assert.deepEqual(opened.end?.calls, ['closed'])

  listener.onTaken = (far) => {
    far.destroy()
  }
  const before = listener.taken.length
  stage.dial(listener.at)
  await stage.until('closed', () => listener.taken[before]?.isClosed === true)
  assert.deepEqual(listener.taken[before]?.calls, ['closed'])
}

async function staysClosed(stage: TransportStage): Promise<void> {
  const { near, far } = await stage.connected()
  far.setReading(true)
  near.destroy()
  await stage.until('closed', () => near.isClosed && far.isClosed)
  for (const end of [near, far]) {
    end.connection.setReading(true)
    end.connection.setReading(false)
    end.connection.end()
    end.connection.destroy()
  }
  await stage.rest()
  assert.deepEqual([near.calls, far.calls], [['closed'], ['closed']])
}
