import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { TableComparison } from '../../src/analysis/compatibility/compare-tables.js'
import { endCliProcessesAfterEach, runCli } from '@commloop/test-support/cli-process'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()

interface EndJson {
  readonly node: string
  readonly address: string
  readonly assumed: string | null
}

interface Answer extends TableComparison {
  readonly code: number | null
  readonly ok: boolean
  readonly own: EndJson
  readonly peer: EndJson
}

const NORTH = '192.168.0.1'
const SOUTH = '192.168.0.2'
const PLACES = ['--at', NORTH, '--peer-at', SOUTH]

const LISTEN = { host: '0.0.0.0', port: 8000 }
const FROM_SOUTH = { id: 'south-in', role: 'passive', ip: SOUTH }
const TO_SOUTH = { id: 'south-out', role: 'active', ip: SOUTH, port: 8001 }
const FROM_NORTH = { id: 'north-in', role: 'passive', ip: NORTH }
const TO_NORTH = { id: 'north-out', role: 'active', ip: NORTH, port: 8000 }

/** Two tables that match: south dials north. */
const WAITS = { node: 'north', listen: LISTEN, links: [FROM_SOUTH] }
const DIALS = { node: 'south', links: [TO_NORTH] }

function folderOf(north: object, south: object): string {
  return testFolder({ '.commlooprc': north, 'south/.commlooprc': south })
}

async function check(
  north: object,
  south: object,
  places: readonly string[] = PLACES,
): Promise<Answer> {
  const cwd = folderOf(north, south)
  const args = ['check', '--json', '--with', join('south', '.commlooprc'), ...places]
  const { code, stdout, stderr } = await runCli(args, { cwd })
  expect(stderr).toBe('')
  return { code, ...(JSON.parse(stdout) as Omit<Answer, 'code'>) }
}

function found({ findings }: TableComparison): string[] {
  return findings.map(({ finding }) => finding)
}

describe('commloop check --with', () => {
  it('shows which entries belong together if two tables match', async () => {
    const north = { ...WAITS, links: [FROM_SOUTH, TO_SOUTH] }
    const south = { ...DIALS, listen: { port: 8001 }, links: [TO_NORTH, FROM_NORTH] }
    const answer = await check(north, south)
    expect(answer).toMatchObject({ code: 0, ok: true, findings: [] })
    expect(answer.links).toEqual([
      {
        from: 'north',
        entry: 'south-out',
        to: 'south',
        entries: ['north-in'],
        place: `${SOUTH}:8001`,
      },
      {
        from: 'south',
        entry: 'north-out',
        to: 'north',
        entries: ['south-in'],
        place: `${NORTH}:8000`,
      },
    ])
  })

  it('prints the findings as text', async () => {
    const cwd = folderOf(WAITS, { ...DIALS, links: [{ ...TO_NORTH, port: 8002 }] })
    const { code, stdout } = await runCli(['check', '--with', 'south/.commlooprc'], { cwd })
    expect(code).toBe(4)
    expect(stdout).toBe(`.commlooprc and south/.commlooprc: the two tables do not match

Nodes
  north  at 192.168.0.1  assumed: south has no other peer
  south  at 192.168.0.2  assumed: north has no other peer

Findings
  port-differs  dials 192.168.0.1:8002, and north listens at port 8000
                south: north-out
`)
  })

  it('does not need the router, the certificates or the codec of the other machine', async () => {
    const south = {
      ...DIALS,
      router: './router.mjs',
      codec: './len32.mjs',
      links: [{ ...TO_NORTH, tls: { cert: './a.pem', key: './a.key', ca: './ca.pem' } }],
    }
    const answer = await check(WAITS, south)
    expect(found(answer)).toEqual(['codec-differs', 'tls-one-side'])
    expect(answer.findings[1]?.message).toContain('north listens without: set "listen.tls"')
  })

  it.each<readonly [string, object, object, readonly string[]]>([
    ['neither names the other', { ...WAITS, links: [] }, { ...DIALS, links: [] }, ['not-named']],
    [
      'both dial',
      { node: 'north', listen: LISTEN, links: [TO_SOUTH] },
      { node: 'south', listen: { port: 8001 }, links: [TO_NORTH] },
      ['both-active', 'both-active'],
    ],
    [
      'both wait',
      WAITS,
      { node: 'south', listen: { port: 8001 }, links: [FROM_NORTH] },
      ['both-passive'],
    ],
    ['one waits for a dial that is not made', WAITS, { ...DIALS, links: [] }, ['nobody-dials']],
    [
      'the dialled node does not listen',
      { node: 'north', links: [] },
      DIALS,
      ['not-listening', 'not-admitted'],
    ],
    [
      'the node listens at another address',
      { ...WAITS, listen: { host: '10.0.0.1', port: 8000 } },
      DIALS,
      ['address-differs'],
    ],
    [
      'the dial comes from another address',
      WAITS,
      { ...DIALS, links: [{ ...TO_NORTH, bind: '192.168.0.3' }] },
      ['not-admitted'],
    ],
    [
      'there are fewer slots than dials',
      WAITS,
      { ...DIALS, links: [TO_NORTH, { ...TO_NORTH, id: 'second' }] },
      ['slots-few'],
    ],
    [
      'the byte orders differ',
      { ...WAITS, codec: { use: 'len16', byteOrder: 'little' } },
      DIALS,
      ['codec-differs'],
    ],
    [
      'the length counts itself at one side, by its entry',
      { ...WAITS, links: [{ ...FROM_SOUTH, codec: { use: 'len16', lengthIncludesHeader: true } }] },
      DIALS,
      ['codec-differs'],
    ],
    [
      'the limits differ',
      { ...WAITS, codec: { use: 'len16', maxPayload: '1KiB' } },
      DIALS,
      ['payload-limit-differs'],
    ],
    [
      'only one has a heartbeat',
      { ...WAITS, heartbeat: { every: '5s', payload: 'hb' } },
      DIALS,
      ['silence-unfed', 'heartbeat-unknown'],
    ],
    [
      'the heartbeats differ',
      { ...WAITS, heartbeat: { every: '5s', payload: 'hb' } },
      { ...DIALS, heartbeat: { every: '5s', payload: 'HB' } },
      ['heartbeat-unknown', 'heartbeat-unknown'],
    ],
    [
      'one sends less often than the other expects',
      { ...WAITS, heartbeat: { every: '1s', payload: 'hb' } },
      { ...DIALS, heartbeat: { every: '10s', payload: 'hb' } },
      ['silence-unfed'],
    ],
    [
      'both wait for a frame, and neither sends one by itself',
      { ...WAITS, ready: 'frame' },
      { ...DIALS, ready: 'frame' },
      ['ready-unfed'],
    ],
    [
      'both wait for a frame, and one sends heartbeats that the other does not know',
      { ...WAITS, ready: 'frame' },
      { ...DIALS, ready: 'frame', heartbeat: { every: '5s', payload: 'hb' }, silence: 'off' },
      ['heartbeat-unknown'],
    ],
    [
      'one rejects what the other sends as a heartbeat',
      { ...WAITS, heartbeat: { every: '5s' } },
      { ...DIALS, heartbeat: { every: '5s' }, codec: { use: 'len16', emptyFrames: 'reject' } },
      ['codec-differs'],
    ],
  ])('finds that %s', async (_, north, south, findings) => {
    const answer = await check(north, south)
    expect(found(answer).sort()).toEqual([...findings].sort())
    expect(answer).toMatchObject({ code: 4, ok: false })
  })

  it('finds that a required certificate is missing', async () => {
    const tls = { cert: './a.pem', key: './a.key', ca: './ca.pem' }
    const north = { ...WAITS, listen: { ...LISTEN, tls } }
    const south = { node: 'south', links: [{ ...TO_NORTH, tls: {} }] }
    // Compared from the dialling side: on the listening side, the certificate files would have to exist.
    const other = await check(
      { ...south, links: [{ ...TO_NORTH, tls: {} }] },
      { ...north, links: [{ ...FROM_SOUTH, identity: 'south.plant.example' }] },
      ['--at', SOUTH, '--peer-at', NORTH],
    )
    expect(found(other)).toEqual(['identity-unproved'])
  })

  it('counts answers to heartbeats as signs of life', async () => {
    const north = { ...WAITS, heartbeat: { every: '5s', payload: 'ping', answer: 'pong' } }
    const south = { ...DIALS, heartbeat: { every: '1h', payload: 'ping', answer: 'pong' } }
    expect(await check(north, south)).toMatchObject({ code: 0, findings: [] })
  })

  it('matches ranges and anyone, and the narrowest decides', async () => {
    const links = [
      {
        id: 'anyone',
        role: 'passive',
        ip: '0.0.0.0',
        codec: { use: 'len16', byteOrder: 'little' },
      },
      { id: 'cell', role: 'passive', ip: '192.168.0.0/24', slots: 4 },
    ]
    const answer = await check({ ...WAITS, links }, DIALS)
    expect(answer).toMatchObject({ code: 0, links: [{ entries: ['cell'] }] })
  })
})

describe('the addresses of the two nodes', () => {
  it('are inferred from "bind" and from "listen"', async () => {
    const north = {
      node: 'north',
      listen: { host: NORTH, port: 8000 },
      links: [FROM_SOUTH, { id: 'x', role: 'passive', ip: '10.0.0.1' }],
    }
    const south = {
      ...DIALS,
      bind: SOUTH,
      links: [TO_NORTH, { ...TO_NORTH, id: 'y', ip: '10.0.0.2' }],
    }
    const answer = await check(north, south, [])
    expect(answer.own).toMatchObject({
      address: NORTH,
      assumed: 'north listens at it, or dials from it',
    })
    expect(answer.peer).toMatchObject({
      address: SOUTH,
      assumed: 'south listens at it, or dials from it',
    })
    expect(answer.code).toBe(0)
  })

  it('must be given if there are several candidates, which are listed', async () => {
    const north = { ...WAITS, links: [FROM_SOUTH, { id: 'x', role: 'passive', ip: '10.0.0.1' }] }
    const cwd = folderOf(north, DIALS)
    const { code, stdout, stderr } = await runCli(['check', '--with', 'south/.commlooprc'], { cwd })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`it may be ${SOUTH} or 10.0.0.1. Specify it: --peer-at ADDRESS`)
  })
})

describe('the file of the peer', () => {
  it.each([
    ['that is missing', undefined, 'south.yaml, named by --with, does not exist'],
    ['that is no table', 'links: [', 'south.yaml:1:'],
    ['that is empty', '', 'is empty'],
    [
      'with mistakes',
      'rooter: x\nlinks: [{ role: active, ip: 1.2.3.4 }]',
      'Did you mean "router"?',
    ],
    ['with a value that cannot be', 'links: [{ role: active, ip: 0.0.0.0, port: 1 }]', 'anyone'],
  ])('%s is reported, with exit code 2', async (_, text, message) => {
    const files = { '.commlooprc': WAITS, ...(text === undefined ? {} : { 'south.yaml': text }) }
    const cwd = testFolder(files)
    const { code, stdout, stderr } = await runCli(['check', '--with', 'south.yaml'], { cwd })
    expect(stderr).toContain(message)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})

describe('the openings of two nodes', () => {
  const opening = { use: 'exchange', steps: [{ send: 'LOGON' }, { expect: 'OK' }] }
  const speaks = { ...DIALS, opening }

  it('match if one answers the other', async () => {
    const steps = [{ expect: 'LOGON' }, { send: 'OK' }]
    const waits = { ...WAITS, opening: { use: 'exchange', steps } }
    expect(await check(waits, speaks)).toMatchObject({ code: 0, ok: true, findings: [] })
  })

  it('do not match if only one node has one', async () => {
    const { code, findings } = await check(WAITS, speaks)
    expect([code, findings.map(({ finding }) => finding)]).toEqual([4, ['opening-one-side']])
    expect(findings[0]?.message).toContain(
      'north takes what south says before messages as messages',
    )
    expect(findings[0]?.about).toEqual(['south: north-out', 'north: south-in'])
  })

  it('do not match if they do not understand each other', async () => {
    const steps = [{ expect: 'LOGIN' }, { send: 'OK' }]
    const waits = { ...WAITS, opening: { use: 'exchange', steps } }
    const { code, findings } = await check(waits, speaks)
    expect([code, findings.map(({ finding }) => finding)]).toEqual([4, ['opening-differs']])
    expect(findings[0]?.message).toMatch(/^north refuses south: step 1 of 2 expects "LOGIN"/)
  })
})
