import {
  type ActiveEntryConfig,
  durationText,
  type HeartbeatSettings,
  type LinkSettings,
  type PassiveEntryConfig,
} from '@commloop/core'
import { comparePlugins } from './compare-plugins.js'
import type { SettingFinding } from './finding.js'
import type { LinkSide } from './side.js'

/** Compares the settings on which both sides of a link must agree, except address and port. */
export function compareSettings(
  dialer: LinkSide<ActiveEntryConfig>,
  acceptor: LinkSide<PassiveEntryConfig>,
): SettingFinding[] {
  return [
    ...comparePlugins(dialer, acceptor),
    ...compareHeartbeats(dialer, acceptor),
    ...compareHeartbeats(acceptor, dialer),
    ...compareReadiness(dialer, acceptor),
  ]
}

/** Whether the two sides wait for each other's first frame. */
function compareReadiness(dialer: LinkSide, acceptor: LinkSide): SettingFinding[] {
  const sides = [dialer, acceptor]
  const isDeadlock = sides.every(({ entry: { settings } }) => {
    return settings.ready === 'frame' && settings.heartbeat === undefined
  })
  if (!isDeadlock) return []
  const message = `${nameOf(dialer)} and ${nameOf(acceptor)} each wait for the first frame of the other (ready: frame), and neither sends heartbeats: set the same heartbeat at both, or "ready: stable" at one`
  return [{ finding: 'ready-unfed', message }]
}

/** Whether `receiver` recognises the heartbeats of `sender`, and gets them often enough. */
function compareHeartbeats(sender: LinkSide, receiver: LinkSide): SettingFinding[] {
  const sent = sender.entry.settings.heartbeat
  const known = receiver.entry.settings.heartbeat
  const from = nameOf(sender)
  const to = nameOf(receiver)
  const findings: SettingFinding[] = []
  if (sent !== undefined && !sent.echo && !knows(known, sent.payload)) {
    const message = `${from} sends heartbeats that ${to} treats as messages: set the same heartbeat at both`
    findings.push({ finding: 'heartbeat-unknown', message })
  }
  const answer = known && sent && same(sent.payload, known.payload) ? sent.answer : undefined
  if (answer !== undefined && !knows(known, answer)) {
    const message = `${from} answers heartbeats with a payload that ${to} treats as a message: set the same answer`
    findings.push({ finding: 'heartbeat-unknown', message })
  }
  const { silenceMs } = receiver.entry.settings
  if (silenceMs > 0 && !sendsWithin(receiver.entry.settings, sent)) {
    const message = `${to} ends the link after ${durationText(silenceMs)} of silence, and ${from} does not send heartbeats that often: set its heartbeat`
    findings.push({ finding: 'silence-unfed', message })
  }
  return findings
}

/** Whether a peer with this heartbeat and no messages sends something before the silence timeout expires. */
function sendsWithin(
  { silenceMs, heartbeat }: LinkSettings,
  sent: HeartbeatSettings | undefined,
): boolean {
  if (sent === undefined) return false
  if (!sent.echo && sent.everyMs < silenceMs) return true
  const answers = sent.answer !== undefined || sent.echo
  const answered = answers && heartbeat !== undefined && !heartbeat.echo
  return answered && same(sent.payload, heartbeat.payload) && heartbeat.everyMs < silenceMs
}

function knows(heartbeat: HeartbeatSettings | undefined, payload: Uint8Array): boolean {
  if (heartbeat === undefined) return false
  const { answer } = heartbeat
  return same(heartbeat.payload, payload) || (answer !== undefined && same(answer, payload))
}

function same(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0
}

function nameOf({ side }: LinkSide): string {
  return side.table.node.name
}
