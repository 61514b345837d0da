import {
  FAULT_SCRIPTS,
  type FaultEvent,
  FaultPeer,
  type FaultReport,
  type FaultScript,
  faultScript,
  type FaultStep,
} from '@commloop/fault-peer'
import type { CommandIo } from '../command-line/command-io.js'
import { loadConfig } from '@commloop/config'
import { nearest } from '@commloop/core'
import { textColumns } from '../terminal/text-columns.js'
import { EXIT } from '../command-line/exit-codes.js'
import { UsageError } from '../command-line/usage-error.js'
import { type EntryUnderTest, entryUnderTest } from '../fault-peer/entry-under-test.js'
import { type PeerPlace, peerPlace, placeWords } from '../fault-peer/peer-place.js'

export interface FaultPeerRequest {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The file named with `--config`. */
  readonly config: string | undefined
  /** Left out: every script that can be played, one after the other. */
  readonly script: string | undefined
  /** Left out: the only one of the table. */
  readonly entry: string | undefined
  readonly list: boolean
  readonly json: boolean
  /** As written on the command line: the time of one script. */
  readonly seconds: string
}

/** What one script came to. The shape of `--json`: keys are only ever added. */
interface Played {
  readonly script: FaultScript
  readonly events: readonly FaultEvent[]
  readonly report: FaultReport
}

interface Choice {
  readonly script: FaultScript
  readonly steps: readonly FaultStep[]
}

const SECONDS_MAX = 3_600
/** What is left of one script's connections goes before the next begins. */
const BETWEEN_MS = 200

/**
 * `commloop fault-peer`: plays the peer of one entry, badly, and says whether the node bore it.
 *
 * @returns the exit code: 0 where the node behaved, 1 where it did not
 * @throws UsageError, CommloopError where nothing can be played
 */
export async function faultPeerCommand(request: FaultPeerRequest, io: CommandIo): Promise<number> {
  const { cwd, env, config: file, json } = request
  if (request.list) {
    io.stdout.write(json ? `${JSON.stringify(listed(), undefined, 2)}\n` : listText())
    return EXIT.OK
  }
  const durationMsMax = durationMs(request.seconds)
  const under = entryUnderTest(await loadConfig({ cwd, env, file }), request.entry)
  const choices = chosen(request.script, under)
  const place = await peerPlace(under)
  if (!json) io.stdout.write(headText(under, place))
  const played = await playAll(choices, place, under, durationMsMax, json ? undefined : io)
  if (json) io.stdout.write(`${JSON.stringify(resultJson(under, place, played), undefined, 2)}\n`)
  else if (played.length > 1) io.stdout.write(sumText(played))
  return played.every(({ report }) => report.held) ? EXIT.OK : EXIT.FAILED
}

/** @throws UsageError */
function durationMs(seconds: string): number {
  const number = Number(seconds)
  if (number >= 1 && number <= SECONDS_MAX) return number * 1000
  throw new UsageError(`--seconds: expected 1 to ${String(SECONDS_MAX)}, found "${seconds}"`)
}

/** @throws UsageError where there is no such script, or where it makes no sense for this entry. */
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
  place: PeerPlace,
  { terms }: EntryUnderTest,
  durationMsMax: number,
  io: CommandIo | undefined,
): Promise<Played[]> {
  let events: FaultEvent[] = []
  const onEvent = (event: FaultEvent): void => {
    events.push(event)
    io?.stdout.write(eventText(event))
  }
  const peer = await peerAt(place, { shape: terms.shape, durationMsMax, onEvent })
  const played: Played[] = []
  try {
    for (const { script, steps } of choices) {
      if (played.length > 0) await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS))
      events = []
      io?.stdout.write(
        `\n${script.name}\n  the peer ${script.peer}\n  a good node ${script.node}\n`,
      )
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
  place: PeerPlace,
  options: Parameters<typeof FaultPeer.dialling>[1],
): Promise<FaultPeer> {
  if (place.kind === 'dials') return FaultPeer.dialling(place, options)
  try {
    return await FaultPeer.listening(place, options)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new UsageError(
      `the fault peer takes the place of the peer and cannot listen there: ${why}. ` +
        'If the real peer runs on this machine, stop it first',
    )
  }
}

// ── texts ───────────────────────────────────────────────────────────────────────────────────────────────────────

function listed(): object[] {
  return FAULT_SCRIPTS.map(({ name, roles, peer, node }) => ({ name, roles, peer, node }))
}

function listText(): string {
  return FAULT_SCRIPTS.map(
    ({ name, roles, peer, node }) =>
      `${name} (${roles.join(', ')})\n  the peer ${peer}\n  a good node ${node}\n`,
  ).join('\n')
}

function headText({ config, node, entry }: EntryUnderTest, place: PeerPlace): string {
  return `${textColumns([
    ['node', `${node.name}, entry ${entry.id} (${entry.role}), by ${config.name}`],
    ['peer', placeWords(place)],
  ])}\n`
}

function eventText({ atMs, by, text }: FaultEvent): string {
  return `  ${String(atMs).padStart(7)} ms  ${by}  ${text}\n`
}

function verdictText({ held, failure, connections }: FaultReport): string {
  const sum = (pick: (one: (typeof connections)[number]) => number): string =>
    String(connections.reduce((total, one) => total + pick(one), 0))
  const frames = sum(({ receivedFrames }) => receivedFrames)
  const bytes = sum(({ receivedBytes }) => receivedBytes)
  const seen = `the node sent ${frames} frames, ${bytes} bytes, over ${String(connections.length)} connections`
  return `  ${held ? 'held' : `NOT HELD: ${failure ?? ''}`}; ${seen}\n`
}

function sumText(played: readonly Played[]): string {
  const failed = played.filter(({ report }) => !report.held)
  const names = failed.map(({ script }) => script.name).join(', ')
  const held = `${String(played.length - failed.length)} of ${String(played.length)} held`
  return `\n${held}${failed.length === 0 ? '' : `; not: ${names}`}\n`
}

function resultJson(
  { config, node, entry }: EntryUnderTest,
  place: PeerPlace,
  played: readonly Played[],
): object {
  return {
    file: config.file,
    node: node.name,
    entry: entry.id,
    role: entry.role,
    place,
    held: played.every(({ report }) => report.held),
    scripts: played.map(({ script, events, report }) => ({
      name: script.name,
      expected: script.node,
      ...report,
      failure: report.failure ?? null,
      connections: report.connections.map(({ payloads, end, endedMs, ...connection }) => ({
        ...connection,
        end: end ?? null,
        endedMs: endedMs ?? null,
        payloads: payloads.map((payload) => payload.toString('base64')),
      })),
      events,
    })),
  }
}
