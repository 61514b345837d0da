import type { NodeOptions } from '@commloop/core'
import {
  FAULT_SCRIPTS,
  FaultPeer,
  type FaultReport,
  faultScript,
  type FaultScript,
  linkTerms,
  DEFAULT_SHAPE,
} from '@commloop/fault-peer'
import { describe, expect, it } from 'vitest'
import { NodeUnderTest } from './node-under-test.js'

/** Below what two bytes can announce, so that a length can be too large. */
const CODEC = { maxPayload: 60_000 }
const SHAPE = { ...DEFAULT_SHAPE, payloadBytesMax: CODEC.maxPayload }
/** Short timeouts, so that the tests are short. */
const IMPATIENT = {
  partialFrame: '300ms',
  halfClose: '100ms',
  linger: '100ms',
  stall: '1s',
  reconnect: { spec: 'soon', value: { delayMs: () => 20 } },
} as const
const PEER = '127.0.0.2'

interface Played {
  readonly report: FaultReport
  readonly under: NodeUnderTest
  readonly first: string
}

/** Plays a script against a new node, as the peer of its only entry. */
async function played(
  script: FaultScript | undefined,
  role: 'active' | 'passive',
  options: Partial<NodeOptions> = {},
): Promise<Played> {
  if (script === undefined) throw new Error('there is no such script')
  const listening = role === 'active' ? await FaultPeer.listening({ ip: PEER, port: 0 }) : undefined
  const entry =
    listening === undefined
      ? ({ id: 'link', role: 'passive', ip: PEER } as const)
      : ({ id: 'link', role: 'active', ip: PEER, port: listening.port } as const)
  const table = {
    ...IMPATIENT,
    ...options,
    listen: { host: '127.0.0.1', port: 0 },
    links: [entry],
  }
  const under = await NodeUnderTest.start(table, { codec: CODEC })
  const peer = listening ?? FaultPeer.dialling({ ip: '127.0.0.1', port: under.port, from: PEER })
  try {
    const [config] = under.node.config.entries
    if (config === undefined) throw new Error('the node has lost its entry')
    const steps = script.steps(linkTerms(config, { shape: SHAPE, redialMsMin: 20 }))
    if (typeof steps === 'string') throw new Error(steps)
    const report = await peer.play(steps)
    const first = under.changes.find(({ epoch, state }) => epoch === 1 && state !== 'up')
    return { report, under, first: first?.reason ?? '' }
  } finally {
    await peer.close()
    await under.stop()
  }
}

describe('every named fault', () => {
  const cases = FAULT_SCRIPTS.flatMap((script) =>
    script.roles.map((role) => ({ name: script.name, role, script })),
  )

  it.concurrent.each(cases)(
    '$name is handled by a node that is $role',
    async ({ script, role }) => {
      const { report, under } = await played(script, role)
      expect(report.failure, JSON.stringify(under.changes)).toBeUndefined()
    },
  )
})

describe('what a node reports about a fault', () => {
  it.concurrent.each([
    ['length-too-large', /^protocol error: length 60001 .* above the limit of 60000$/],
    ['http-request', /^partial frame; the peer's first bytes .* look like an HTTP request/],
    ['http-response', /^partial frame; the peer's first bytes .* look like an HTTP /],
    ['tls-hello', /^partial frame; the peer's first bytes .* look like .*TLS/],
    ['tls-alert', /^partial frame; the peer's first bytes .* look like .*TLS/],
    ['garbage', /^partial frame$/],
    ['slow-loris', /^partial frame$/],
    ['cut-and-silence', /^partial frame$/],
    ['cut-in-the-header', /^the stream ended 1 bytes into a frame, within its header$/],
    ['cut-in-the-payload', /^(reset by peer|the stream ended 7 bytes into a frame)/],
    ['half-close', /^peer closed$/],
    ['second-connection-of-a-silent-peer', /^replaced$/],
  ])('%s: %s', async (name, reason) => {
    const { under, first } = await played(faultScript(name), 'passive')
    expect(first).toMatch(reason)
    // Nothing of the broken stream came through as a message.
    const texts = new Set(under.messages.map(({ text }) => text).filter((text) => text.length < 99))
    for (const text of texts) expect(['whole', 'back', 'last']).toContain(text)
  })

  it.concurrent.each(['active', 'passive'] as const)(
    'silence, if a heartbeat is set and the node is %s',
    async (role) => {
      const { report, under, first } = await played(faultScript('silence'), role, {
        heartbeat: { every: '100ms', payload: 'beat' },
      })
      expect(report.failure).toBeUndefined()
      expect(first).toBe('silence')
      expect(under.messages.map(({ text }) => text)).toEqual(['back'])
    },
  )

  it.concurrent(
    'a flood of connections from a listed address: one link, the rest refused',
    async () => {
      const { report, under } = await played(faultScript('flood-of-connections'), 'passive')
      expect(report.held).toBe(true)
      const { rejected } = under.node.counters
      const refused = Object.values(rejected).reduce((sum, count) => sum + count, 0)
      // One is accepted, and another one replaces it if it does not show life in time.
      expect(refused).toBeGreaterThanOrEqual(49)
      expect(Object.keys(rejected)).toEqual(expect.arrayContaining(['full']))
    },
  )

  it.concurrent(
    'a flood of empty frames: each a message, or each a heartbeat, answered at most once',
    async () => {
      const flood = faultScript('flood-of-empty-frames')
      const plain = await played(flood, 'passive')
      expect(plain.under.textsOf('link', 1)).toHaveLength(20_000)
      const beating = await played(flood, 'passive', {
        heartbeat: { every: '30s', payload: '', answer: 'yes' },
      })
      expect(beating.report.failure).toBeUndefined()
      expect(beating.under.messages).toEqual([])
      const [connection] = beating.report.connections
      expect(connection?.receivedFrames).toBeGreaterThan(0)
      expect(connection?.receivedFrames).toBeLessThan(20_000)
    },
  )
})
