import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { CliProcess, endCliProcessesAfterEach, runCli } from '@commloop/test-support/cli-process'
import { freePort } from '@commloop/test-support/free-port'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()

const TABLE = {
  node: 'plant l2',
  listen: { host: '192.168.0.1', port: 8000 },
  bind: '192.168.0.1',
  codec: { use: 'len16', maxPayload: '4KiB' },
  heartbeat: { every: '5s', payload: 'h, }: $${HOME} #', answer: { hex: '00ff' } },
  links: [
    { id: 'furnace-in', role: 'passive', ip: '192.168.0.2' },
    { id: 'furnace-out', role: 'active', ip: '192.168.0.2', port: 8001 },
    { id: 'mes', role: 'active', host: 'mes.plant.example', port: 8003, heartbeat: 'off' },
    { id: 'mes-2', role: 'active', host: 'mes.plant.example', port: 8003, heartbeat: 'off' },
    { id: 'six', role: 'passive', ip: 'fd00::2', slots: 2 },
    { id: 'cell', role: 'passive', ip: '192.168.4.0/24', slots: 20 },
    { id: 'anyone', role: 'passive', ip: '0.0.0.0', slots: 4 },
  ],
}

async function mirror(
  cwd: string,
  ...args: readonly string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return await runCli(['mirror', ...args], { cwd })
}

describe('commloop mirror', () => {
  it('prints one document for each peer', async () => {
    const { code, stdout, stderr } = await mirror(testFolder({ '.commlooprc': TABLE }))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const documents = parseAllDocuments(stdout)
    expect(Array.isArray(documents) && documents.map(({ errors }) => errors)).toEqual([
      [],
      [],
      [],
      [],
      [],
    ])
    expect([...stdout.matchAll(/^# \.commlooprc for (.*)$/gm)].map(([, who]) => who)).toEqual([
      '192.168.0.2, which listens at port 8001',
      'mes.plant.example, which listens at port 8003',
      'fd00::2',
      'each machine of 192.168.4.0/24',
      'any other machine that dials this node',
    ])
  })

  it('prints the table of the peer, with comments for unknown values', async () => {
    const folder = testFolder({ '.commlooprc': TABLE })
    const { stdout } = await mirror(folder, '--for', '192.168.0.2')
    expect(stdout).toBe(`# .commlooprc for 192.168.0.2, which listens at port 8001
# It matches .commlooprc, the table of "plant l2". Add what that table does not contain:
# the name of this node ("node"), its router, its other peers. \`commloop check --with\` compares the two tables.

listen: { host: 0.0.0.0, port: 8001 }   # the port that "furnace-out" dials; 0.0.0.0: every address of the machine
codec: { use: len16, maxPayload: 4KiB }
heartbeat: { every: 5s, payload: "h, }: $\${HOME} #", answer: { hex: 00ff } }
links:
  # "furnace-in" waits for it
  # bind: the address that our table expects; leave it out if addresses are translated (NAT)
  - { id: plant-l2-out, role: active, ip: 192.168.0.1, port: 8000, bind: 192.168.0.2 }
  # "furnace-out" dials it
  - { id: plant-l2-in, role: passive, ip: 192.168.0.1 }
`)
  })

  it.each([
    ['furnace-in', '192.168.0.2'],
    ['192.168.0.2:8001', '192.168.0.2'],
    ['::ffff:192.168.0.2', '192.168.0.2'],
    ['mes.plant.example', 'mes.plant.example'],
    ['fd00:0::2', 'fd00::2'],
    ['192.168.4.9', '192.168.4.9'],
    ['192.168.4.0/24', '192.168.4.9'],
    ['10.1.2.3', '10.1.2.3'],
  ])('prints a table that check --with accepts: --for %s', async (chosen, peerAt) => {
    const cwd = testFolder({ '.commlooprc': TABLE })
    const { code, stdout } = await mirror(cwd, '--for', chosen)
    expect(code).toBe(0)
    writeFileSync(join(cwd, 'peer.yaml'), stdout)
    const args = ['check', '--with', 'peer.yaml', '--at', '192.168.0.1', '--peer-at', peerAt]
    const fit = await runCli(args, { cwd })
    expect(fit.stdout).toContain('the two tables match\n')
    expect(fit).toMatchObject({ code: 0, stderr: '' })
    const alone = await runCli(['check', '--config', 'peer.yaml'], { cwd })
    expect(alone).toMatchObject({ code: 0, stderr: '' })
  })

  it('adds placeholders for TLS files of the peer', async () => {
    const tls = { ca: './ca.pem' }
    const table = { links: [{ id: 'mes', role: 'active', ip: '192.168.0.3', port: 8003, tls: {} }] }
    const open = await mirror(testFolder({ '.commlooprc': table }))
    expect(open.stdout).toContain(
      'tls: { cert: ./tls/node.pem, key: ./tls/node.key, verifyPeer: false }',
    )
    expect(open.stdout).toContain('these are files of the peer, which are not known here')
    const missing = { links: [{ ...table.links[0], tls }] }
    expect(await mirror(testFolder({ '.commlooprc': missing }))).toMatchObject({ code: 2 })
  })

  it('marks an address that is a guess, and uses --at instead', async () => {
    const table = {
      listen: { host: '0.0.0.0', port: 0 },
      links: [{ id: 'a', role: 'passive', ip: '198.51.100.7' }],
    }
    const cwd = testFolder({ '.commlooprc': { ...table, node: '007' } })
    const guessed = await mirror(cwd)
    expect(guessed.stdout).toMatch(/# ip: (an address of ours|our address is not known)/)
    expect(guessed.stdout).toContain('# port: ours changes at each start')
    expect(guessed.stdout).toContain('id: node-007,')
    const said = await mirror(cwd, '--at', '203.0.113.5')
    expect(said.stdout).not.toContain('# ip:')
    expect(said.stdout).toContain('ip: 203.0.113.5')
  })

  it('marks entries that the peer cannot distinguish', async () => {
    const mes = { id: 'mes', role: 'active', ip: '192.168.0.3', port: 8003 }
    const links = [mes, { ...mes, id: 'mes-2', codec: { use: 'len16', byteOrder: 'little' } }]
    const { stdout } = await mirror(testFolder({ '.commlooprc': { links } }))
    expect(stdout).toContain('"mes" and "mes-2" dial it')
    expect(stdout).toContain('# they differ in codec or heartbeat')
    expect(stdout).toContain('slots: 2')
  })

  it('writes the other side of an opening, and fits `check --with`', async () => {
    const steps = [{ send: 'LOGON' }, { expect: { hex: '11d0', mask: 'fff0' } }]
    const mes = { id: 'mes', role: 'active', ip: '192.168.0.3', port: 8003 }
    const links = [{ ...mes, opening: { use: 'exchange', steps } }]
    const cwd = testFolder({ '.commlooprc': { node: 'plant', links } })
    const { stdout } = await mirror(cwd, '--at', '192.168.0.1')
    expect(stdout).toContain('opening: { use: exchange, steps: ')
    expect(stdout).toContain('# opening: step 2: our side expects a pattern')
    writeFileSync(join(cwd, 'mes.yaml'), stdout)
    const places = ['--at', '192.168.0.1', '--peer-at', '192.168.0.3']
    const compared = await runCli(['check', '--with', 'mes.yaml', ...places], { cwd })
    expect(compared).toMatchObject({ code: 0 })
  })

  it('prints one document for a peer with several addresses', async () => {
    const links = [
      { id: 'out', role: 'active', ip: ['10.0.0.2', '10.0.1.2'], port: 8001 },
      { id: 'in', role: 'passive', ip: ['10.0.0.2', '10.0.1.2'] },
    ]
    const folder = testFolder({ '.commlooprc': { ...TABLE, links } })
    for (const chosen of ['10.0.1.2', '10.0.1.2:8001', 'in']) {
      const { stdout } = await mirror(folder, '--for', chosen)
      expect(stdout).toContain('# .commlooprc for 10.0.0.2, 10.0.1.2, which listens at port 8001\n')
      expect(stdout).toContain('# our table expects a connection from 10.0.0.2 or 10.0.1.2\n')
      expect(stdout, 'the peer chooses its source address').not.toContain('bind:')
    }
  })

  it('prints a table with which the link comes up', async () => {
    const port = await freePort()
    const north = {
      node: 'north',
      listen: { host: '127.0.0.1', port },
      codec: { use: 'len16', byteOrder: 'little' },
      links: [{ id: 'south', role: 'passive', ip: '127.0.0.2' }],
    }
    const cwd = testFolder({ '.commlooprc': north })
    const { stdout } = await mirror(cwd, '--for', 'south')
    const there = CliProcess.start(['run', '--stdio', '--keep-open', '--text'], { cwd })
    await there.eventOf('ready')
    const folder = testFolder({ '.commlooprc': stdout })
    const here = CliProcess.start(['run', '--stdio', '--keep-open'], { cwd: folder })
    here.send({ payload: 'it fits', to: 'north' })
    expect(await there.eventOf('message')).toMatchObject({ link: 'south', payload: 'it fits' })
  })

  it.each([
    [
      'an unknown peer',
      TABLE,
      ['--for', 'furnase-in'],
      'no entry and no peer "furnase-in". Entries: furnace-out',
    ],
    ['an empty table', { links: [] }, [], 'has no entries, so there is no peer'],
    ['a broken table', { links: 5 }, [], 'nothing was started'],
  ])('exits with 2 for %s', async (_, table, args, message) => {
    const links = table === TABLE ? TABLE.links.slice(0, 6) : table.links
    const cwd = testFolder({ '.commlooprc': { ...table, links } })
    const { code, stdout, stderr } = await mirror(cwd, ...args)
    expect(stderr).toContain(message)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})
