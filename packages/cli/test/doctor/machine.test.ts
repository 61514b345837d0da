import { parseIp, type ReasonCode, sameIp } from '@commloop/core'
import { endianness } from 'node:os'
import { describe, expect, it } from 'vitest'
import { conflicting, listenFindings } from '../../src/analysis/doctor/listen-findings.js'
import {
  type ListeningSocket,
  parseSocketTable,
} from '../../src/analysis/doctor/linux/listening-sockets.js'
import { nodeFindings } from '../../src/analysis/doctor/node-findings.js'

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'

function line(local: string, state: string, uid: string, inode: string): string {
  return `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000 ${uid}        0 ${inode} 1 0000 100 0\n`
}

function socket(ip: string, port = 8000): ListeningSocket {
  return { address: parseIp(ip) ?? new Uint8Array(), port, uid: 0, inode: '1' }
}

describe('the table of sockets', () => {
  it.skipIf(endianness() !== 'LE')('gives the listening sockets of both families', () => {
    const sockets = parseSocketTable(
      HEAD +
        line('0100007F:1F90', '0A', '1000', '20345') +
        line('0200A8C0:1F91', '01', '0', '20346') +
        line('00000000000000000000000001000000:0050', '0A', '33', '7') +
        line('0000000000000000FFFF00000200A8C0:0051', '0A', '33', '8'),
    )
    expect(sockets.map(({ port, uid, inode }) => [port, uid, inode])).toEqual([
      [8080, 1000, '20345'],
      [80, 33, '7'],
      [81, 33, '8'],
    ])
    const texts = ['127.0.0.1', '::1', '192.168.0.2'].map((text) => parseIp(text))
    expect(
      sockets.map(({ address }, at) => sameIp(address, texts[at] ?? new Uint8Array())),
    ).toEqual([true, true, true])
  })

  it('gives no sockets if it is empty or invalid', () => {
    expect(parseSocketTable('')).toEqual([])
    expect(parseSocketTable(`${HEAD}  what is this\n`)).toEqual([])
  })
})

describe('two listeners on one port', () => {
  it.each<readonly [string, string, boolean]>([
    ['127.0.0.1', '127.0.0.1', true],
    ['0.0.0.0', '127.0.0.1', true],
    ['127.0.0.1', '0.0.0.0', true],
    ['::', '0.0.0.0', true],
    ['::', '127.0.0.1', true],
    ['127.0.0.1', '::', true],
    ['127.0.0.2', '127.0.0.1', false],
    ['0.0.0.0', '::1', false],
    ['::1', '0.0.0.0', false],
  ])('%s is taken, and %s is wanted: conflict %s', (taken, wanted, isConflict) => {
    expect(conflicting({ host: wanted, port: 8000 }, [socket(taken)]) !== undefined).toBe(
      isConflict,
    )
    expect(conflicting({ host: wanted, port: 8001 }, [socket(taken)])).toBeUndefined()
  })
})

describe('a user without privileges', () => {
  const facts = { own: { has: () => true, texts: [] }, rules: undefined, holder: undefined }

  it('sees which user has the port, but not the process', () => {
    const holder = { socket: { ...socket('0.0.0.0'), uid: 33 } }
    const [finding] = listenFindings(
      { name: 'a', host: '0.0.0.0', port: 8000, transportOptions: {} },
      { ...facts, holder },
    )
    expect(finding?.message).toContain('a process of user 33')
    expect(finding?.advice).toContain('as root')
  })

  it('may not listen on a low port', () => {
    const rules = {
      ephemeral: { min: 32_768, max: 60_999 },
      isEphemeral: () => false,
      isPermitted: (port: number) => port >= 1024,
    }
    const door = { name: 'a', host: '0.0.0.0', port: 502, transportOptions: {} }
    expect(listenFindings(door, { ...facts, rules })).toMatchObject([
      { finding: 'port-privileged', weight: 'wrong' },
    ])
    expect(listenFindings({ ...door, port: 1024 }, { ...facts, rules })).toEqual([])
  })
})

describe('the report of a running node', () => {
  const link = { id: 'plc', entry: 'plc', reason: 'silence', remote: null }

  it('contains why a passive link lost its peer, unless the peer has only left', () => {
    const passive = (entry: string, reasonCode: ReasonCode, reason: string) =>
      ({ id: entry, entry, state: 'awaiting', remote: null, reason, reasonCode }) as const
    const findings = nodeFindings({
      pid: 1,
      links: [
        passive('framed', 'protocol-error', 'protocol error: length 18245'),
        passive('tls', 'connection-failed', 'wrong version number'),
        passive('left', 'peer-closed', 'peer closed'),
        passive('long', 'partial-frame', 'partial frame'),
        passive('cut', 'unacknowledged', 'not acknowledged: …'),
      ],
      findings: [{ kind: 'absent', entry: 'long', forMs: 60_000 }],
    })
    expect(findings.map(({ finding, about, message }) => [finding, about, message])).toEqual([
      [
        'entry-absent',
        'long',
        'has had no connection for 1m; the last connection ended after: partial frame',
      ],
      ['link-down', 'framed', 'is in state awaiting after: protocol error: length 18245'],
      ['link-down', 'tls', 'is in state awaiting after: wrong version number'],
      ['link-down', 'cut', 'is in state awaiting after: not acknowledged: …'],
    ])
    expect(findings[1]?.advice).toContain('docs/wire-format.md')
  })

  it('names a link that is connected, and what it waits for', () => {
    const remote = '10.0.0.3:8000'
    const waiting = {
      id: 'plc',
      entry: 'plc',
      state: 'dialing',
      reason: null,
      remote: null,
    } as const
    const findings = nodeFindings({
      pid: 1,
      links: [
        { ...waiting, waiting: { for: 'frame', remote } },
        { ...waiting, id: 'soon', waiting: { for: 'stable', remote } },
        { ...waiting, id: 'turn', waiting: { for: 'turn', place: 1, of: 2 } },
      ],
      findings: [],
    })
    expect(findings).toMatchObject([{ finding: 'link-not-ready', weight: 'notice', about: 'plc' }])
    expect(findings[0]?.message).toContain(`connected to ${remote}`)
    expect(findings[0]?.advice).toContain('heartbeat')
  })

  it('names an opening that fails, with what to try', () => {
    const failed = (id: string, reasonCode: ReasonCode, state: 'backoff' | 'awaiting') => ({
      ...link,
      id,
      entry: id,
      state,
      reasonCode,
      reason: `why ${id}`,
    })
    const findings = nodeFindings({
      pid: 1,
      links: [
        failed('refused', 'not-opened', 'backoff'),
        failed('late', 'opening-timeout', 'awaiting'),
        failed('gone', 'opening-ended', 'backoff'),
      ],
      findings: [],
    })
    expect(findings.map(({ finding, about, weight }) => [finding, about, weight])).toEqual([
      ['opening-failed', 'refused', 'wrong'],
      ['opening-failed', 'late', 'wrong'],
      ['opening-failed', 'gone', 'wrong'],
    ])
    const [refused, late] = findings
    expect(refused?.message).toBe(
      'is connected each time, but the opening does not succeed: why refused',
    )
    expect(late?.advice).toContain('openTimeout')
  })

  it('names a link whose messages disappear in connections that end', () => {
    const down = {
      ...link,
      state: 'backoff',
      reason: 'peer closed',
      reasonCode: 'peer-closed',
      attempt: 2,
      counters: { written: 1_000, receivedBytes: 0 },
    } as const
    const findings = nodeFindings({
      pid: 1,
      links: [
        { ...down, id: 'proxied' },
        { ...down, id: 'first', attempt: 1 },
        { ...down, id: 'speaks', counters: { written: 1_000, receivedBytes: 3 } },
        { ...down, id: 'quiet', counters: { written: 0, receivedBytes: 0 } },
        { ...down, id: 'refused', reasonCode: 'dial-failed' },
      ],
      findings: [],
    })
    const swallowed = findings.filter(({ finding }) => finding === 'peer-swallows')
    expect(swallowed).toMatchObject([{ about: 'proxied', weight: 'wrong' }])
    expect(swallowed[0]?.message).toContain('1000 messages')
    expect(swallowed[0]?.advice).toContain('`ready: stable`')
  })

  it('becomes findings', () => {
    const findings = nodeFindings({
      pid: 1,
      links: [
        { ...link, state: 'backoff' },
        { ...link, id: 'fine', state: 'up' },
        { ...link, id: 'new', state: 'dialing', reason: null },
      ],
      findings: [
        { kind: 'never filled', entry: 'in', forMs: 61_400 },
        { kind: 'absent', entry: 'cell', forMs: 7_200_000 },
        { kind: 'exhausted', link: 'mes', forMs: 5_000, reason: 'refused' },
        {
          kind: 'stranger',
          remote: '10.0.0.9',
          code: 'not-in-table',
          reason: 'not in the table',
          count: 3,
        },
        {
          kind: 'stranger',
          remote: '10.0.0.8',
          code: 'slots-full',
          reason: 'full',
          count: 4,
          hint: 'nearly "in"',
        },
      ],
    })
    expect(findings.map(({ finding, about, message }) => [finding, about, message])).toEqual([
      ['entry-absent', 'in', 'has had no connection since the node started 61s ago'],
      ['entry-absent', 'cell', 'has had no connection for 2h'],
      ['link-exhausted', 'mes', 'gave up dialling 5s ago: refused'],
      ['stranger', '10.0.0.9', 'was refused 3 times: not in the table'],
      ['address-nearly-matches', '10.0.0.8', 'was refused 4 times: full, and nearly "in"'],
      ['link-down', 'plc', 'is in state backoff after: silence'],
    ])
  })
})
