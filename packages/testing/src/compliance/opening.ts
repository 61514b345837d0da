import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import type { LinkOpening, OpeningPeer } from '@commloop/core'
import { SeededRandom } from '../virtual/seeded-random.js'
import { type Check, registerChecks } from './check.js'
import { OpeningStage, type OpeningTestPeer } from './opening-stage.js'

/** Random dialogues of each check. */
const DIALOGUES = 200
const PAYLOAD_BYTES_MAX = 300

/** Facts that the suite cannot get from the opening. */
export interface OpeningComplianceOptions {
  /** The role of this side. Default `active`. */
  readonly role?: OpeningPeer['role']
  /** What a peer that follows the protocol does. It may keep the state of one connection: it is made for each. */
  readonly peer: () => OpeningTestPeer
  /** Payloads that are messages. An opening that stays must not take them. Default: one byte 0, and a text. */
  readonly messages?: readonly Uint8Array[]
}

/** Registers the tests that every LinkOpening must pass. Call it once for each role and each set of options. */
export function openingCompliance(
  name: string,
  opening: LinkOpening,
  options: OpeningComplianceOptions,
): void {
  registerChecks(`LinkOpening compliance: ${name}`, openingChecks(opening, options))
}

/** The checks behind `openingCompliance`. */
export function openingChecks(
  opening: LinkOpening,
  options: OpeningComplianceOptions,
): readonly Check[] {
  const checks: readonly [string, (suite: Suite) => void][] = [
    ['opens with a peer that follows the protocol, once, and refuses nothing', opens],
    ['takes every payload of such a peer before it opens', takesAll],
    ['opens again on the next connection, whatever the last one has said', opensAgain],
    ['keeps two connections apart that speak in turn', keepsApart],
    ['does not keep a view of what it has received', keepsNoView],
    ['takes no message after it has opened', takesNoMessage],
    ['neither throws nor opens twice, whatever the peer says', survivesNoise],
    ['decides once: it does not open after it has refused', decidesOnce],
    ['may end at any moment', mayEnd],
    ['names its progress in a short text, or not at all', namesProgress],
    ['uses no timer: the link has the timeout', usesNoTimer],
  ]
  const suite = { opening, messages: MESSAGES, role: 'active' as const, ...options }
  return checks.map(([name, check]) => ({
    name,
    check: () => {
      check(suite)
    },
  }))
}

type Suite = Required<OpeningComplianceOptions> & { readonly opening: LinkOpening }

const MESSAGES = [Uint8Array.of(0), Buffer.from('a message of the suite')]

function stageOf({ opening, role }: Suite): OpeningStage {
  return new OpeningStage(opening, role)
}

/** Lets the opening talk to the peer until both are silent. */
function played(suite: Suite, stage = stageOf(suite)): OpeningStage {
  stage.play(suite.peer())
  return stage
}

function opens(suite: Suite): void {
  const stage = played(suite)
  assert.deepEqual(stage.refusals, [], 'it refused')
  assert.equal(stage.opens, 1, `it called open() ${String(stage.opens)} times`)
}

function takesAll(suite: Suite): void {
  const { answers } = played(suite)
  const untaken = answers.findIndex(({ isTaken, wasOpen }) => !isTaken && !wasOpen)
  // It may leave the payload with which it opens: that is the first message.
  const isLast = answers[untaken]?.isOpen === true
  assert.ok(untaken === -1 || isLast, `it did not take payload ${String(untaken + 1)}`)
}

function opensAgain(suite: Suite): void {
  const random = new SeededRandom('opens again')
  for (let round = 0; round < 20; round++) {
    const broken = stageOf(suite)
    broken.hear(noise(random))
    broken.end()
    assert.equal(played(suite).opens, 1, `after ${String(round + 1)} broken connections`)
  }
}

function keepsApart(suite: Suite): void {
  const stages = [stageOf(suite), stageOf(suite)] as const
  const peers = [suite.peer(), suite.peer()] as const
  const turns = stages.map((stage, at) => stage.turns(peers[at] ?? suite.peer()))
  let isTalking = true
  while (isTalking) isTalking = turns.map((turn) => turn.next().done !== true).includes(true)
  assert.deepEqual(
    stages.map((stage) => stage.opens),
    [1, 1],
  )
}

function keepsNoView(suite: Suite): void {
  const stage = stageOf(suite)
  stage.overwrites = true
  assert.equal(played(suite, stage).opens, 1, 'it did not open when the payloads were overwritten')
}

function takesNoMessage(suite: Suite): void {
  for (const message of suite.messages) {
    const stage = played(suite)
    if (!stage.stays) continue
    assert.equal(stage.hear(message), false, `it took ${inspect(Buffer.from(message))}`)
  }
}

function survivesNoise(suite: Suite): void {
  const random = new SeededRandom('noise')
  for (let dialogue = 0; dialogue < DIALOGUES; dialogue++) {
    // At any place of the dialogue.
    const stage = stageOf(suite)
    const turns = stage.turns(suite.peer())
    for (let left = random.int(6); left > 0; left--) turns.next()
    for (let left = 1 + random.int(10); left > 0; left--) stage.hear(noise(random))
    assert.ok(stage.opens <= 1, 'it opened twice')
  }
  stageOf(suite).hear(new Uint8Array(0))
}

function decidesOnce(suite: Suite): void {
  const random = new SeededRandom('decides once')
  for (let dialogue = 0; dialogue < DIALOGUES; dialogue++) {
    const stage = stageOf(suite)
    stage.hear(noise(random))
    stage.play(suite.peer())
    const [first] = stage.refusals
    assert.ok(first === undefined || stage.opens === 0, `it opened, and refused: ${String(first)}`)
    assert.ok(
      stage.refusals.every((reason) => reason !== ''),
      'it refused without a reason',
    )
  }
}

function mayEnd(suite: Suite): void {
  for (let count = 0; count < 10; count++) {
    const stage = stageOf(suite)
    const turns = stage.turns(suite.peer())
    for (let left = count; left > 0; left--) turns.next()
    const before = stage.sends
    stage.end()
    assert.equal(stage.sends, before, 'it sent something when the connection had ended')
  }
}

function namesProgress(suite: Suite): void {
  const stage = stageOf(suite)
  const turns = stage.turns(suite.peer())
  while (turns.next().done !== true) {
    const { progress } = stage
    assert.ok(progress === undefined || typeof progress === 'string', inspect(progress))
    assert.ok((progress ?? '').length <= 200, 'its progress has more than 200 characters')
  }
}

function usesNoTimer(suite: Suite): void {
  const names = ['setTimeout', 'setInterval', 'setImmediate'] as const
  const used: string[] = []
  const own = names.map((name) => [name, globalThis[name]] as const)
  for (const name of names) {
    Reflect.set(globalThis, name, () => {
      used.push(name)
      return 0
    })
  }
  try {
    played(suite).end()
  } finally {
    for (const [name, value] of own) Reflect.set(globalThis, name, value)
  }
  assert.deepEqual(used, [])
}

function noise(random: SeededRandom): Uint8Array {
  return Uint8Array.from({ length: random.int(PAYLOAD_BYTES_MAX) }, () => random.int(256))
}
