import assert from 'node:assert/strict'
import type { Check } from './check.js'
import { payloadOf } from './frame-stream.js'
import { assertCarries } from './transport-dialing.js'
import type { Play, TransportStage } from './transport-stage.js'

/** What a Transport promises about listeners. */
export function transportListeningChecks(play: Play): readonly Check[] {
  return [
    play('tells the real port where the choice was left to it', tellsRealPort),
    play('fails to listen where somebody does already, and leaves that one alone', failsInUse),
    play('asks once whether to admit, before it accepts', asksBeforeAccepting),
    play('accepts and reads nobody who was not admitted, and ends the connection', refuses),
    play('destroys a connection that is not wanted after all', destroysUnwanted),
    play('lets nobody in once close has returned, and open connections go on', closes),
    play('accepts nobody for whom the listener was closed while it was asked', closesWithinAdmit),
    play('lets nobody in where the listener was closed before it was listening', closesAtOnce),
    play('listens again where a listener was closed', listensAgain),
    play('fails to listen with an option that it does not know', refusesListenOption),
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
  assert.equal(second.asked.length, 0, 'the one that failed was asked to admit')
}

async function asksBeforeAccepting(stage: TransportStage): Promise<void> {
  const listener = await stage.open()
  const told: string[] = []
  listener.admits = () => told.push('admit') > 0
  listener.wants = () => told.push('accepted') > 0
  for (let count = 0; count < 3; count++) await stage.join(listener)
  const once = ['admit', 'accepted']
  assert.deepEqual(told, [...once, ...once, ...once])
}

async function refuses(stage: TransportStage): Promise<void> {
  const listener = await stage.open()
  listener.admits = () => false
  const attempt = stage.dial(listener.at)
  attempt.onOpened = (near) => {
    near.setReading(true)
    near.write(payloadOf(100))
  }
  await stage.until('end of who was refused', () => attempt.cameToNothing)
  assert.equal(listener.asked.length, 1, 'how often it was asked to admit')
  assert.equal(listener.taken.length, 0, 'somebody was accepted who was not admitted')
  assert.equal(attempt.end?.receivedBytes ?? 0, 0, 'bytes for somebody who was refused')
}

async function destroysUnwanted(stage: TransportStage): Promise<void> {
  const listener = await stage.open()
  listener.wants = () => false
  const attempt = stage.dial(listener.at)
  attempt.onOpened = (near) => {
    near.setReading(true)
  }
  await stage.until('end of who was not wanted', () => attempt.cameToNothing)
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
  await stage.until('end of every dial', () => attempts.every((attempt) => attempt.cameToNothing))
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
  await stage.until('end of the dial', () => attempt.cameToNothing)
  assert.equal(listener.taken.length, 0, 'somebody was accepted through a closed listener')
}

async function closesAtOnce(stage: TransportStage): Promise<void> {
  const at = await stage.deserted()
  const listener = stage.listen(at.port)
  listener.close()
  await stage.rest()
  const attempt = stage.dial(at)
  await stage.until('failed', () => attempt.isOver)
  assert.ok(attempt.error !== undefined, 'a listener that was closed at once is open')
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
