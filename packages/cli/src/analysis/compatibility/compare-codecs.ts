import { basename } from 'node:path'
import { sizeBytes } from '@commloop/core'
import { canonicalSpec, type PluginSpec } from '@commloop/config'
import type { Side } from './side.js'
import type { SettingFinding } from './finding.js'

const LEN16 = 'len16'

/** Whether two sides speak the same frames, as far as how their codecs are asked for tells. */
export function codecFit(left: Side, right: Side): SettingFinding[] {
  const [one, other] = [left, right].map(({ end, entry }) => end.table.codecOf(entry.index))
  if (one === undefined || other === undefined) return []
  if (one.use === LEN16 && other.use === LEN16) return len16Fit(left, one, right, other)
  // The same file may lie in another place on another machine.
  const same = canonicalSpec({ ...one, use: basename(one.use) })
  if (same === canonicalSpec({ ...other, use: basename(other.use) })) return []
  const texts = [
    `${nameOf(left)}: ${canonicalSpec(one)}`,
    `${nameOf(right)}: ${canonicalSpec(other)}`,
  ]
  return [{ finding: 'codec-differs', message: `the codecs differ: ${texts.join(', ')}` }]
}

function len16Fit(left: Side, one: PluginSpec, right: Side, other: PluginSpec): SettingFinding[] {
  const mine = len16Of(one)
  const theirs = len16Of(other)
  const findings: SettingFinding[] = []
  for (const option of ['byteOrder', 'lengthIncludesHeader'] as const) {
    if (mine[option] === theirs[option]) continue
    const texts = [
      `${String(mine[option])} at ${nameOf(left)}`,
      `${String(theirs[option])} at ${nameOf(right)}`,
    ]
    findings.push({ finding: 'codec-differs', message: `${option} is ${texts.join(' and ')}` })
  }
  // Where the header counts on one side only, the defaults differ too, and that says nothing more.
  if (findings.length === 0 && mine.maxPayload !== theirs.maxPayload) {
    const [large, small] = mine.maxPayload > theirs.maxPayload ? [left, right] : [right, left]
    const [most, least] = [mine.maxPayload, theirs.maxPayload].sort((a, b) => b - a)
    const message = `${nameOf(large)} may send ${String(most)} bytes at once, and ${nameOf(small)} ends the connection above ${String(least)}: set the same maxPayload`
    findings.push({ finding: 'payload-limit-differs', message })
  }
  return [...findings, ...emptyFit(left, theirs, right), ...emptyFit(right, mine, left)]
}

function emptyFit(sender: Side, { emptyFrames }: Len16, receiver: Side): SettingFinding[] {
  const { heartbeat } = sender.entry.settings
  const sent = [heartbeat?.payload, heartbeat?.answer]
  if (emptyFrames !== 'reject' || !sent.some((payload) => payload?.length === 0)) return []
  const message = `${nameOf(sender)} sends empty frames as heartbeats, and ${nameOf(receiver)} rejects empty frames`
  return [{ finding: 'codec-differs', message }]
}

interface Len16 {
  readonly byteOrder: unknown
  readonly lengthIncludesHeader: unknown
  readonly maxPayload: number
  readonly emptyFrames: unknown
}

/** With its defaults: docs/wire-format.md. */
function len16Of({ options }: PluginSpec): Len16 {
  const { byteOrder = 'big', lengthIncludesHeader = false, maxPayload, emptyFrames } = options
  const bytesMax = lengthIncludesHeader === true ? 65_533 : 65_535
  const written =
    typeof maxPayload === 'number' || typeof maxPayload === 'string'
      ? sizeBytes(maxPayload)
      : undefined
  return { byteOrder, lengthIncludesHeader, maxPayload: written ?? bytesMax, emptyFrames }
}

function nameOf({ end }: Side): string {
  return end.table.node.name
}
