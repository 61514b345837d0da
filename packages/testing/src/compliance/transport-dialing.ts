import assert from 'node:assert/strict'
import { type Address, parseIp, sameIp } from '@commloop/core'
import type { Check } from './check.js'
import { payloadOf } from './frame-stream.js'
import type { Ends, Play, TransportHosts, TransportStage } from './transport-stage.js'

/** Time limit of the dial that is not answered. */
const SILENT_DIAL_MS = 200
/** Limit of waits of a millisecond, each of which takes longer on a busy machine. */
const SILENT_WAITS_MAX = 10 * SILENT_DIAL_MS
/** Time limit of the dial whose connection stays open longer. */
const SHORT_DIAL_MS = 1_000
const DIALS_AT_ONCE = 40
/** More turns or timers than any dial within one machine needs. */
const STAGES_MAX = 2_000

/** An address that never answers a dial, not even with a refusal. */
export interface SilentPlace extends Address {
  close?(): void | Promise<void>
}

/** Creates an address that never answers and that `dialing` can dial. */
export type Silence = (hosts: TransportHosts) => SilentPlace | Promise<SilentPlace>

/** What the contract of Transport requires of dials. */
export function transportDialingChecks(play: Play, silence: Silence | undefined): readonly Check[] {
  return [
    play('opens a connection whose ends report the same two addresses', knowsAddresses),
    play('dials from the address in `bind`', dialsFromAddress),
    play('fails a dial to an address without a listener', failsWithoutListener),
    silent(silence, play, 'fails a dial that is not answered, within its time limit', timesOut),
    play('keeps a connection open after the time limit of its dial', outlivesDial),
    play('ends each of many concurrent dials exactly once', endsManyDials),
    play('calls no handler of a dial that was cancelled, at any stage', cancelsOpening),
    play('calls no handler of a dial that was cancelled before it was refused', cancelsRefused),
    silent(
      silence,
      play,
      'calls no handler of a dial that was cancelled before it was answered',
      cancelsUnanswered,
    ),
    play('keeps a connection open if its dial is cancelled too late', cancelsTooLate),
    play('fails a dial with an unknown option', refusesDialOption),
  ]
}

function silent(
  silence: Silence | undefined,
  play: Play,
  name: string,
  act: (stage: TransportStage, at: Address) => Promise<void>,
): Check {
  const check = play(name, async (stage) => {
    const place = await silence?.(stage.hosts)
    if (place === undefined) return
    try {
      await act(stage, { ip: place.ip, port: place.port })
    } finally {
      await place.close?.()
    }
  })
  return silence === undefined
    ? { ...check, skipped: 'no address that never answers was given' }
    : check
}

async function knowsAddresses(stage: TransportStage): Promise<void> {
  const listener = await stage.open()
  const { near, far } = await stage.join(listener)
  const [ours, theirs] = [near.connection.peer, far.connection.peer]
  assertSameAddress(ours.local, theirs.remote, 'the local address, as both ends see it')
  assertSameAddress(ours.remote, theirs.local, 'the remote address, as both ends see it')
  assertSameAddress(
    ours.remote,
    { ip: stage.hosts.ip, port: listener.at.port },
    'the address of the listener',
  )
  assertSameAddress(listener.asked[0], ours.local, 'the address that was passed to admit')
}

async function dialsFromAddress(stage: TransportStage): Promise<void> {
  const listener = await stage.open()
  const { bind } = stage.hosts
  const attempt = stage.dial(listener.at, { bind })
  await stage.until('end of the dial', () => attempt.isOver && listener.taken.length > 0)
  for (const address of [attempt.end?.connection.peer.local, listener.asked[0]]) {
    assert.ok(
      address !== undefined && isSameIp(address.ip, bind),
      `dialled from ${String(address?.ip)}, not ${bind}`,
    )
  }
}

async function failsWithoutListener(stage: TransportStage): Promise<void> {
  const attempt = stage.dial(await stage.deserted())
  await stage.until('failed', () => attempt.error !== undefined)
  assert.ok(attempt.error instanceof Error, 'failed comes with an Error')
}

async function timesOut(stage: TransportStage, at: Address): Promise<void> {
  const attempt = stage.dial(at, { timeoutMs: SILENT_DIAL_MS })
  await stage.until('failed, in time', () => attempt.error !== undefined, SILENT_WAITS_MAX)
}

async function outlivesDial(stage: TransportStage): Promise<void> {
  const listener = await stage.open()
  const attempt = stage.dial(listener.at, { timeoutMs: SHORT_DIAL_MS })
  await stage.until('both ends', () => attempt.isOver && listener.taken.length > 0)
  for (let waits = 0; waits < SHORT_DIAL_MS + 50; waits++) await stage.wait(1)
  const [far] = listener.taken
  assert.ok(attempt.end !== undefined && far !== undefined, `failed: ${String(attempt.error)}`)
  await assertCarries(stage, { near: attempt.end, far })
  assert.deepEqual([attempt.end.isClosed, far.isClosed], [false, false])
}

async function endsManyDials(stage: TransportStage): Promise<void> {
  const deserted = await stage.deserted()
  const listener = await stage.open()
  const attempts = Array.from({ length: DIALS_AT_ONCE }, (_, at) =>
    stage.dial(at % 2 === 0 ? listener.at : deserted),
  )
  await stage.until('end of every dial', () => attempts.every(({ isOver }) => isOver))
  await stage.until('every connection', () => listener.taken.length === DIALS_AT_ONCE / 2)
  await stage.rest()
  for (const [at, { error }] of attempts.entries()) {
    const expected = at % 2 === 0 ? 'opened' : 'failed'
    assert.equal(error === undefined ? 'opened' : 'failed', expected, `dial ${String(at)}`)
  }
}

async function cancelsOpening(stage: TransportStage): Promise<void> {
  const listener = await stage.open()
  await cancelAtEveryStage(stage, listener.at)
  // If the other side had already accepted the connection, it must be closed there.
  for (const end of listener.taken) end.setReading(true)
  const open = listener.taken.filter((end) => !end.hasEnded && !end.isClosed)
  const left = () => open.filter((end) => !end.hasEnded && !end.isClosed)
  await stage.until('end of what was cancelled', () => left().length <= 1)
}

async function cancelsRefused(stage: TransportStage): Promise<void> {
  await cancelAtEveryStage(stage, await stage.deserted())
}

/** Cancels the first dial immediately, the next one a step later, and so on, until a dial ends before its step. */
async function cancelAtEveryStage(stage: TransportStage, at: Address): Promise<void> {
  for (let steps = 0; ; steps++) {
    assert.ok(steps < STAGES_MAX, 'the dial never ends')
    const attempt = stage.dial(at)
    for (let step = 0; step < steps && !attempt.isOver; step++) await stage.wait(0)
    if (attempt.isOver) return
    attempt.cancel()
    attempt.cancel()
    await stage.rest()
  }
}

async function cancelsUnanswered(stage: TransportStage, at: Address): Promise<void> {
  const attempt = stage.dial(at, { timeoutMs: SILENT_DIAL_MS })
  await stage.rest()
  attempt.cancel()
  for (let waits = 0; waits < SILENT_DIAL_MS + 50; waits++) await stage.wait(1)
}

async function cancelsTooLate(stage: TransportStage): Promise<void> {
  const listener = await stage.open()
  const attempt = stage.dial(listener.at)
  attempt.onOpened = () => {
    attempt.cancel()
  }
  await stage.until('both ends', () => attempt.isOver && listener.taken.length > 0)
  attempt.cancel()
  const [far] = listener.taken
  assert.ok(attempt.end !== undefined && far !== undefined, 'the dial failed')
  await assertCarries(stage, { near: attempt.end, far })
}

async function refusesDialOption(stage: TransportStage): Promise<void> {
  const listener = await stage.open()
  const options = { ...stage.hosts.dialOptions, 'no such option': true }
  const attempt = stage.dial(listener.at, { options })
  await stage.until('end of the dial', () => attempt.isOver)
  assert.equal(attempt.error?.code, 'CML_ERR_CONFIG_INVALID', 'how the dial ended')
}

/** Sends a few bytes over the connection, in both directions. */
export async function assertCarries(stage: TransportStage, { near, far }: Ends): Promise<void> {
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    const before = to.receivedBytes
    to.setReading(true)
    from.write(payloadOf(100))
    await stage.until('bytes of an open connection', () => to.receivedBytes === before + 100)
  }
}

function assertSameAddress(left: Address | undefined, right: Address, what: string): void {
  assert.ok(
    left !== undefined && left.port === right.port && isSameIp(left.ip, right.ip),
    `${what}: ${JSON.stringify(left)} and ${JSON.stringify(right)}`,
  )
}

/** As core compares them: `::ffff:10.0.0.1` is `10.0.0.1`. */
function isSameIp(left: string, right: string): boolean {
  const [leftIp, rightIp] = [parseIp(left), parseIp(right)]
  return leftIp !== undefined && rightIp !== undefined && sameIp(leftIp, rightIp)
}
