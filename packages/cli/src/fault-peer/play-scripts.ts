import {
  FAULT_SCRIPTS,
  type FaultEvent,
  FaultPeer,
  type FaultScript,
  faultScript,
  type FaultStep,
} from '@commloop/fault-peer'
import { loadConfig } from '@commloop/config'
import { messageText, nearest } from '@commloop/core'
import type { CommandIo } from '../command-line/command-io.js'
import { EXIT } from '../command-line/exit-codes.js'
import { UsageError } from '../command-line/usage-error.js'
import { type EntryUnderTest, entryUnderTest } from './entry-under-test.js'
import { type PeerAddress, peerAddress } from './peer-address.js'
import {
  eventText,
  headText,
  listJson,
  listText,
  type PlayedScript,
  resultJson,
  scriptText,
  sumText,
  verdictText,
} from './script-text.js'

export interface FaultPeerRequest {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The file given with `--config`. */
  readonly config: string | undefined
  /** Default: all scripts that fit the entry, one after the other. */
  readonly script: string | undefined
  /** Default: the only entry of the table. */
  readonly entry: string | undefined
  readonly list: boolean
  readonly json: boolean
  /** Time limit of one script. */
  readonly seconds: number
}

interface Choice {
  readonly script: FaultScript
  readonly steps: readonly FaultStep[]
}

/** Lets the connections of one script close before the next script begins. */
const BETWEEN_MS = 200

/**
 * Plays the peer of one entry with faults, and prints whether the node behaved.
 *
 * @returns the exit code: 0 if the node behaved, 1 if it did not
 * @throws UsageError, CommloopError if no script can be played
 */
export async function playScripts(request: FaultPeerRequest, io: CommandIo): Promise<number> {
  const { cwd, env, config: file, json } = request
  if (request.list) {
    io.stdout.write(json ? `${JSON.stringify(listJson(), undefined, 2)}\n` : listText())
    return EXIT.OK
  }
  const under = entryUnderTest(await loadConfig({ cwd, env, file }), request.entry)
  const choices = chosen(request.script, under)
  const place = await peerAddress(under)
  if (!json) io.stdout.write(headText(under, place))
  const durationMsMax = request.seconds * 1000
  const played = await playAll(choices, place, under, durationMsMax, json ? undefined : io)
  if (json) io.stdout.write(`${JSON.stringify(resultJson(under, place, played), undefined, 2)}\n`)
  else if (played.length > 1) io.stdout.write(sumText(played))
  return played.every(({ report }) => report.held) ? EXIT.OK : EXIT.FAILED
}

/** @throws UsageError if there is no such script, or if it does not fit the entry */
function chosen(name: string | undefined, { entry, terms }: EntryUnderTest): Choice[] {
  if (name === undefined) {
    return FAULT_SCRIPTS.flatMap((script) => {
      const steps = script.roles.includes(entry.role) ? script.steps(terms) : 'not for this role'
      return typeof steps === 'string' ? [] : [{ script, steps }]
    })
  }
  const script = faultScript(name)
  if (script === undefined) {
    const meant = nearest(
      name,
      FAULT_SCRIPTS.map((known) => known.name),
    )
    const guess = meant === undefined ? '' : ` (did you mean ${meant}?)`
    throw new UsageError(`there is no script "${name}"${guess}; --list shows all`)
  }
  if (!script.roles.includes(entry.role)) {
    throw new UsageError(
      `${name} is for ${script.roles.join(' and ')} entries; ${entry.id} is ${entry.role}`,
    )
  }
  const steps = script.steps(terms)
  if (typeof steps === 'string') throw new UsageError(`${name} cannot be played here: ${steps}`)
  return [{ script, steps }]
}

async function playAll(
  choices: readonly Choice[],
  place: PeerAddress,
  { terms }: EntryUnderTest,
  durationMsMax: number,
  io: CommandIo | undefined,
): Promise<PlayedScript[]> {
  let events: FaultEvent[] = []
  const onEvent = (event: FaultEvent): void => {
    events.push(event)
    io?.stdout.write(eventText(event))
  }
  const peer = await peerAt(place, { shape: terms.shape, durationMsMax, onEvent })
  const played: PlayedScript[] = []
  try {
    for (const { script, steps } of choices) {
      if (played.length > 0) await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS))
      events = []
      io?.stdout.write(scriptText(script))
      const report = await peer.play(steps)
      io?.stdout.write(verdictText(report))
      played.push({ script, events, report })
    }
  } finally {
    await peer.close()
  }
  return played
}

async function peerAt(
  place: PeerAddress,
  options: Parameters<typeof FaultPeer.dialling>[1],
): Promise<FaultPeer> {
  if (place.kind === 'dials') return FaultPeer.dialling(place, options)
  try {
    return await FaultPeer.listening(place, options)
  } catch (error) {
    throw new UsageError(
      `the fault peer takes the place of the peer and cannot listen there: ${messageText(error)}. ` +
        'If the real peer runs on this machine, stop it first',
    )
  }
}
