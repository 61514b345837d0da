import {
  type ActiveEntryConfig,
  durationText,
  type HeartbeatSettings,
  type LinkSettings,
  type PassiveEntryConfig,
} from '@commloop/core'
import { codecFit } from './compare-codecs.js'
import type { Side } from './side.js'
import type { SettingFinding } from './finding.js'

/** What both sides of one link have to agree on, beside address and port. */
export function settingsFit(
  dialer: Side<ActiveEntryConfig>,
  acceptor: Side<PassiveEntryConfig>,
): SettingFinding[] {
  return [
    ...codecFit(dialer, acceptor),
    ...heartbeatFit(dialer, acceptor),
    ...heartbeatFit(acceptor, dialer),
    ...tlsFit(dialer, acceptor),
  ]
}

/** What `sender` sends by itself, as `receiver` takes it. */
function heartbeatFit(sender: Side, receiver: Side): SettingFinding[] {
  const sent = sender.entry.settings.heartbeat
  const known = receiver.entry.settings.heartbeat
  const from = nameOf(sender)
  const to = nameOf(receiver)
  const findings: SettingFinding[] = []
  if (sent !== undefined && !knows(known, sent.payload)) {
    const message = `${from} sends heartbeats that ${to} takes for messages: give both the same heartbeat`
    findings.push({ finding: 'heartbeat-unknown', message })
  }
  const answer = known && sent && same(sent.payload, known.payload) ? sent.answer : undefined
  if (answer !== undefined && !knows(known, answer)) {
    const message = `${from} answers heartbeats with what ${to} takes for messages: set the same answer`
    findings.push({ finding: 'heartbeat-unknown', message })
  }
  const { silenceMs } = receiver.entry.settings
  if (silenceMs > 0 && !isFed(receiver.entry.settings, sent)) {
    const message = `${to} ends the link after ${durationText(silenceMs)} of silence, and ${from} sends nothing by itself in that time: set its heartbeat`
    findings.push({ finding: 'silence-unfed', message })
  }
  return findings
}

/** Whether somebody with this heartbeat, who has nothing to say, is heard before the silence is too long. */
function isFed(
  { silenceMs, heartbeat }: LinkSettings,
  sent: HeartbeatSettings | undefined,
): boolean {
  if (sent === undefined) return false
  if (sent.everyMs < silenceMs) return true
  const answered = sent.answer !== undefined && heartbeat !== undefined
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

function tlsFit(
  { end: dialer, entry }: Side<ActiveEntryConfig>,
  { end: acceptor, entry: door }: Side<PassiveEntryConfig>,
): SettingFinding[] {
  const dials = entry.transportOptions['tls']
  const listens = acceptor.table.node.listen?.transportOptions['tls']
  const [from, to] = [dialer.table.node.name, acceptor.table.node.name]
  if ((dials === undefined) !== (listens === undefined)) {
    const message =
      dials === undefined
        ? `${to} listens with TLS, and ${from} dials without: set "tls" in its entry`
        : `${from} dials with TLS, and ${to} listens without: set "listen.tls"`
    return [{ finding: 'tls-one-side', message }]
  }
  const shows = typeof dials === 'object' && dials !== null && 'cert' in dials
  if (door.identities === undefined || shows) return []
  const names = door.identities.join(', ')
  const message = `${to} wants a certificate of ${names}, and ${from} shows none: set "tls.cert" and "tls.key"`
  return [{ finding: 'identity-unproved', message }]
}

function nameOf({ end }: Side): string {
  return end.table.node.name
}
