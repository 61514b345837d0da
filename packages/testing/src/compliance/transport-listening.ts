import assert from 'node:assert/strict'
import type { Check } from './check.js'
import { payloadOf } from './frame-stream.js'
import { assertCarries } from './transport-dialing.js'
import type { Play, TransportStage } from './transport-stage.js'

/** What the contract of Transport requires of listeners. */
export function transportListeningChecks(play: Play): readonly Check[] {
  return [
    play('reports the real port if it chooses the port', tellsRealPort),
    play('fails to listen on a port that is in use, and keeps the other listener open', failsInUse),
    play('calls admit once before it accepts', asksBeforeAccepting),
    play('does not accept a connection that is not admitted, and ends it unread', refuses),
    play('destroys a connection that accepted does not want', destroysUnwanted),
    play('accepts no connection after close has returned, and keeps open ones', closes),
    play('does not accept a connection if the listener is closed within admit', closesWithinAdmit),
    play('accepts no connection if the listener is closed before it is listening', closesAtOnce),
    play('listens again on the port of a closed listener', listensAgain),
    play('fails to listen with an unknown option', refusesListenOption),
  ]
}

async function tellsRealPort(stage: TransportStage): Promise<void> {
  const listeners = [await stage.open(), await stage.open()]
  const ports = listeners.map(({ at }) => at.port)
  for (const port of ports) {
    assert.ok(Number.isInteger(port) && port > 0 && port <= 65_535, `port ${String(port)}`)
  }
  assert.notEqual(ports[0], ports[1], 'two listeners have one port')
  for (const listener of listeners) await assertCarries(stage, await stage.join(listener))
}

async function failsInUse(stage: TransportStage): Promise<void> {
  const first = await stage.open()
  const second = stage.listen(first.at.port)
  await stage.until('failed', () => second.error !== undefined || second.at !== undefined)
  assert.ok(second.error instanceof Error, 'two listeners have one port')
  await assertCarries(stage, await stage.join(first))
  assert.equal(second.asked.length, 0, 'the listener that failed was asked to admit')
}

async function asksBeforeAccepting(stage: TransportStage): Promise<void> {
  const listener = await stage.open()
  const calls: string[] = []
  listener.admits = () => calls.push('admit') > 0
  listener.wants = () => calls.push('accepted') > 0
  for (let count = 0; count < 3; count++) await stage.join(listener)
  const once = ['admit', 'accepted']
  assert.deepEqual(calls, [...once, ...once, ...once])
}

async function refuses(stage: TransportStage): Promise<void> {
  const listener = await stage.open()
  listener.admits = () => false
  const attempt = stage.dial(listener.at)
  attempt.onOpened = (near) => {
    near.setReading(true)
    near.write(payloadOf(100))
  }
  await stage.until('end of the refused connection', () => attempt.wasRefused)
  assert.equal(listener.asked.length, 1, 'calls of admit')
  assert.equal(listener.taken.length, 0, 'a connection was accepted that was not admitted')
  assert.equal(attempt.end?.receivedBytes ?? 0, 0, 'bytes for a refused connection')
}

async function destroysUnwanted(stage: TransportStage): Promise<void> {
  const listener = await stage.open()
  listener.wants = () => false
  const attempt = stage.dial(listener.at)
  attempt.onOpened = (near) => {
    near.setReading(true)
  }
  await stage.until('end of the connection that was not wanted', () => attempt.wasRefused)
}

async function closes(stage: TransportStage): Promise<void> {
  const listener = await stage.open()
  const ends = await stage.join(listener)
  listener.close()
  const attempts = Array.from({ length: 5 }, () => stage.dial(listener.at))
  for (const attempt of attempts) {
    attempt.onOpened = (near) => {
      near.setReading(true)
    }
  }
  await stage.until('end of every dial', () => attempts.every((attempt) => attempt.wasRefused))
  await assertCarries(stage, ends)
  assert.deepEqual([ends.near.isClosed, ends.far.isClosed], [false, false])
}

async function closesWithinAdmit(stage: TransportStage): Promise<void> {
  const listener = await stage.open()
  listener.admits = () => {
    listener.close()
    return true
  }
  const attempt = stage.dial(listener.at)
  attempt.onOpened = (near) => {
    near.setReading(true)
  }
  await stage.until('end of the dial', () => attempt.wasRefused)
  assert.equal(listener.taken.length, 0, 'a closed listener accepted a connection')
}

async function closesAtOnce(stage: TransportStage): Promise<void> {
  const at = await stage.deserted()
  const listener = stage.listen(at.port)
  listener.close()
  await stage.rest()
  const attempt = stage.dial(at)
  await stage.until('failed', () => attempt.isOver)
  assert.ok(attempt.error !== undefined, 'a listener that was closed immediately is open')
}

async function listensAgain(stage: TransportStage): Promise<void> {
  const first = await stage.open()
  first.close()
  await stage.rest()
  const second = await stage.open(first.at.port)
  await assertCarries(stage, await stage.join(second))
}

async function refusesListenOption(stage: TransportStage): Promise<void> {
  const listener = stage.listen(0, { ...stage.hosts.listenOptions, 'no such option': true })
  await stage.until(
    'end of the attempt',
    () => listener.error !== undefined || listener.at !== undefined,
  )
  const code =
    listener.error !== undefined && 'code' in listener.error ? listener.error.code : undefined
  assert.equal(code, 'CML_ERR_CONFIG_INVALID', 'how listening ended')
}
