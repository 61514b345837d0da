import { describe, expect, it } from 'vitest'
import { freePort } from '@commloop/test-support/free-port'
import { RawListener } from '../peer/raw-listener.js'
import { RawPeer } from '../peer/raw-peer.js'
import { cleanUpAfterEach } from './clean-up.js'
import { RunningNode } from './running-node.js'

cleanUpAfterEach()

const AUDIT = 'audit: { every: 200ms, grace: 100ms }'

interface Finding {
  readonly kind: string
  readonly entry?: string
  readonly link?: string
  readonly remote?: string
  readonly reason?: string
  readonly count?: number
  readonly forMs?: number
}

/** The findings of each audit so far. */
function audits(node: RunningNode): (readonly Finding[])[] {
  return node.events
    .filter(({ type }) => type === 'audit')
    .map((event) => event['findings'] as readonly Finding[])
}

/** Waits for a future audit with these findings, and returns them. */
function audit(
  node: RunningNode,
  what: string,
  matches: (findings: readonly Finding[]) => boolean,
): Promise<readonly Finding[]> {
  const from = audits(node).length
  return node.until(what, () => audits(node).slice(from).find(matches))
}

function logged(node: RunningNode, ...parts: readonly string[]): Promise<unknown> {
  return node.process.log(
    ({ level, msg }) => level === 'warn' && parts.every((part) => msg.includes(part)),
  )
}

describe('the audit reports as events and log lines', () => {
  it('passive entries without a connection: never filled, filled, and absent again', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      ${AUDIT}
      links:
        - { id: missing, role: passive, ip: 127.0.0.2 }
        - { id: cell,    role: passive, ip: 127.0.1.0/24, slots: 3 }
    `)
    const one = await RawPeer.dial({ from: '127.0.1.1', port: node.port })
    // One connection is enough for several slots, because the number of peers is not configured.
    const found = await audit(node, 'one finding', ({ length }) => length === 1)
    expect(found).toMatchObject([{ kind: 'never filled', entry: 'missing' }])
    expect(found[0]?.forMs).toBeGreaterThanOrEqual(100)
    await logged(node, 'audit', 'entry "missing" has never had a connection')

    const peer = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await node.link('missing', 'up')
    await audit(node, 'no finding', ({ length }) => length === 0)

    peer.reset()
    one.reset()
    const absent = await audit(node, 'two findings', ({ length }) => length === 2)
    expect(absent).toMatchObject([
      { kind: 'absent', entry: 'missing' },
      { kind: 'absent', entry: 'cell' },
    ])
    await logged(node, 'audit', 'entry "cell" has had no connection for')
  })

  it('no absence shorter than the grace period', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      audit: { every: 50ms, grace: 1h }
      links:
        - { id: missing, role: passive, ip: 127.0.0.2 }
    `)
    await node.until('some audits', () => audits(node).length >= 5)
    expect(audits(node).flat()).toEqual([])
  })

  it('exhausted active entries, with the reason, until they are up again', async () => {
    const port = await freePort()
    const node = await RunningNode.start(`
      reconnect: { use: exponential, min: 1ms, initial: 10ms, max: 10ms, maxAttempts: 2 }
      rearmAfter: 2s
      ${AUDIT}
      links:
        - { id: out, role: active, ip: 127.0.0.2, port: ${String(port)} }
    `)
    await node.link('out', 'exhausted')
    const found = await audit(node, 'the finding', ({ length }) => length > 0)
    expect(found).toMatchObject([{ kind: 'exhausted', link: 'out' }])
    expect(found[0]?.reason).toContain('ECONNREFUSED')
    await logged(node, 'audit', '"out"', 'gave up')

    await RawListener.open({ host: '127.0.0.2', port })
    await node.link('out', 'up')
    await audit(node, 'no finding', ({ length }) => length === 0)
  })

  it('strangers that keep trying, with the number of tries, and only while they try', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      audit: { every: 200ms, grace: 1h }
      links:
        - { id: two, role: passive, ip: 127.0.0.2 }
    `)
    const tryOnce = async (from: string): Promise<void> => {
      const stranger = await RawPeer.dial({ from, port: node.port })
      await stranger.close()
    }
    const isStranger = ({ kind }: Finding): boolean => kind === 'stranger'
    // A single try may be a slip.
    await tryOnce('127.0.0.8')
    for (let tries = 0; tries < 5; tries++) await tryOnce('127.0.0.9')
    const found = await node.until('the stranger', () =>
      audits(node).find((findings) =>
        findings.some((finding) => isStranger(finding) && (finding.count ?? 0) >= 5),
      ),
    )
    expect(found.filter(isStranger)).toEqual([
      {
        kind: 'stranger',
        remote: '127.0.0.9',
        reason: 'not in the table',
        code: 'not-in-table',
        count: 5,
        hint: 'nearly matches entry "two" (127.0.0.2): one octet differs',
      },
    ])
    await logged(node, 'audit', '127.0.0.9 keeps trying', '5 times', 'nearly matches entry "two"')
    await audit(node, 'no finding', ({ length }) => length === 0)
    await tryOnce('127.0.0.9')
    const again = await audit(node, 'the stranger again', (findings) => findings.some(isStranger))
    expect(again).toMatchObject([{ remote: '127.0.0.9', count: 6 }])
  })

  it('both sides of one mistake: P3 waits for P1, which does not dial it', async () => {
    // Case 3 of the original tables: an entry for P1 at P3, and none for P3 at P1.
    const p1 = await RunningNode.start(`
      listen: { host: 127.0.0.2, port: 0 }
      node: P1
      ${AUDIT}
      links:
        - { id: from-anyone-else, role: passive, ip: 127.0.0.4 }
    `)
    const p3 = await RunningNode.start(`
      listen: { host: 127.0.0.3, port: 0 }
      bind: 127.0.0.3
      node: P3
      reconnect: { use: exponential, min: 1ms, initial: 10ms, max: 10ms, maxAttempts: 4 }
      ${AUDIT}
      links:
        - { id: from-p1, role: passive, ip: 127.0.0.2 }
        - { id: to-p1,   role: active,  ip: 127.0.0.2, port: ${String(p1.port)} }
    `)
    const atP3 = await audit(p3, 'two findings', ({ length }) => length === 2)
    expect(atP3).toMatchObject([
      { kind: 'never filled', entry: 'from-p1' },
      { kind: 'exhausted', link: 'to-p1' },
    ])
    const stranger = await p1.until('P3 as a stranger', () =>
      audits(p1)
        .flat()
        .find(({ kind }) => kind === 'stranger'),
    )
    expect(stranger).toMatchObject({ remote: '127.0.0.3', reason: 'not in the table' })
  })
})
