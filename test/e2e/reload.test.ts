import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { LogLine } from '@commloop/test-support/cli-process'
import { freePort } from '@commloop/test-support/free-port'
import { CertificateFolder, opensslIsMissing } from '@commloop/test-support/certificates'
import { testFolder } from '@commloop/test-support/test-folder'
import { eventually, settledAt } from '../peer/eventually.js'
import { RawListener } from '../peer/raw-listener.js'
import { RawPeer } from '../peer/raw-peer.js'
import { cleanUpAfterEach } from './clean-up.js'
import { RunningNode } from './running-node.js'

cleanUpAfterEach()

/** The reports of a node about its reloads so far, one line for each. */
function reloads(node: RunningNode): LogLine[] {
  return node.process.stderrLines
    .filter((line) => /"msg":"reload/.test(line))
    .map((line) => JSON.parse(line) as LogLine)
}

/** Replaces a file atomically. */
function replace(node: RunningNode, text: string, name = '.commlooprc'): void {
  const file = join(node.folder, name)
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
}

/** Requests a reload, and waits for the report about it. */
async function hup(node: RunningNode): Promise<LogLine> {
  const before = reloads(node).length
  node.process.kill('SIGHUP')
  return node.until('a line about the reload', () => reloads(node)[before])
}

async function reload(node: RunningNode, text: string): Promise<LogLine> {
  replace(node, text)
  return hup(node)
}

const TABLE = (port: number, links: string, more = ''): string => `
node: north
listen: { host: 127.0.0.1, port: ${String(port)} }
reconnect: { use: exponential, initial: 100ms, max: 200ms, maxAttempts: 0 }
stopDeadline: 2s
${more}
links:
  - { id: steady-in, role: passive, ip: 127.0.0.2 }
${links}
`

describe('links that a reload does not change', () => {
  it('continue to carry all messages in order while everything else changes', async () => {
    const peer = await RawListener.open({ host: '127.0.0.4' })
    const [port, otherPort] = [await freePort(), await freePort()]
    const south = await RunningNode.start(`
      listen: { host: 127.0.0.3, port: 0 }
      links:
        - { id: north, role: passive, ip: 127.0.0.1 }
        - { id: to-north, role: active, ip: 127.0.0.1, port: ${String(port)}, bind: 127.0.0.2 }
    `)
    const out = `  - { id: steady-out, role: active, ip: 127.0.0.3, port: ${String(south.port)}, bind: 127.0.0.1 }\n`
    const other = (port: number, more = ''): string =>
      `  - { id: other, role: active, ip: 127.0.0.4, port: ${String(port)}${more} }\n`
    const north = await RunningNode.start(TABLE(port, out))
    await north.link('steady-out', 'up')
    await north.link('steady-in', 'up')

    const tables = [
      TABLE(port, out + other(peer.port)),
      TABLE(port, other(peer.port, ', ttl: 1s') + out),
      TABLE(port, out + other(otherPort)),
      'links: [ { id: steady-out',
      TABLE(otherPort, out, 'relay: true\nrouter: ./router.mjs'),
      TABLE(port, out + '  - { id: cell, role: passive, ip: 127.0.1.0/24, slots: 3 }\n'),
      TABLE(port, out + '  - { id: cell, role: passive, ip: 127.0.1.0/24, slots: 1 }\n'),
      TABLE(port, out + '  - { id: bad, role: active, ip: 127.0.0.9, port: 70000 }\n'),
      TABLE(port, out + '  - { id: other, role: passive, ip: 127.0.0.4 }\n', 'stall: 29s'),
      TABLE(port, out),
    ]
    replace(north, 'export default { name: "drop", route: () => ({ drop: "told" }) }', 'router.mjs')
    const rounds = 3
    const perTable = 60
    let number = 0
    for (let round = 0; round < rounds; round++) {
      for (const table of tables) {
        for (let count = 0; count < perTable; count++, number++) {
          north.send(String(number).padEnd(200), {
            to: number % 2 === 0 ? 'steady-out' : 'steady-in',
          })
          south.send(String(number).padEnd(200), { to: number % 2 === 0 ? 'north' : 'to-north' })
          if (count === perTable / 2) {
            replace(north, table)
            north.process.kill('SIGHUP')
          }
        }
        const done = reloads(north).length
        await north.until('what is said about it', () => reloads(north).length > done || undefined)
      }
    }

    const expected = (parity: number): string[] =>
      Array.from({ length: number }, (_, at) => String(at)).filter((_, at) => at % 2 === parity)
    for (const [node, link, parity] of [
      [south, 'north', 0],
      [south, 'to-north', 1],
      [north, 'steady-out', 0],
      [north, 'steady-in', 1],
    ] as const) {
      await node.received(link, number / 2)
      expect(node.texts(link).map((text) => text.trim())).toEqual(expected(parity))
      const states = node.states(link)
      expect(states.slice(states.indexOf('up 1'))).toEqual(['up 1'])
    }
    const said = reloads(north).map(({ msg }) => msg.slice(0, 'reload rejected'.length))
    expect(said.filter((text) => text === 'reload rejected')).toHaveLength(rounds * 2)
    expect(said).toHaveLength(rounds * tables.length)
    const { accepted, routed, dropped, undeliverable, expired, copies } = await north.stop()
    expect({ routed, copies, undeliverable, expired }).toEqual({
      routed: number,
      copies: number,
      undeliverable: 0,
      expired: 0,
    })
    // Only messages that arrived while `relay` was on have reached the router, which drops them.
    expect(accepted - dropped).toBe(number)
    expect(north.outcomes()).toEqual(
      north.outcomes().filter(({ reason, link }) => reason === 'told' && link === undefined),
    )
  })
})

describe('a configuration that cannot be used', () => {
  const good = (port: number): string => TABLE(port, '')

  it('changes nothing, and is reported as at the start: line, column, what was expected', async () => {
    const port = await freePort()
    const node = await RunningNode.start(good(port))
    const peer = await RawPeer.dial({ from: '127.0.0.2', port })
    await node.link('steady-in', 'up')
    const line = await reload(
      node,
      good(port + 1).replace('stopDeadline: 2s', 'stopDeadline: soon'),
    )
    expect(line).toMatchObject({
      level: 'error',
      msg: 'reload rejected, nothing has changed: 1 problem',
    })
    expect(await node.process.log(({ path }) => path === 'stopDeadline')).toMatchObject({
      level: 'error',
      code: 'CML_ERR_CONFIG_INVALID',
      line: 5,
      column: 15,
      msg: expect.stringMatching(
        /\.commlooprc:5:15 {2}stopDeadline: expected a duration such as 250ms, 30s or 5m, found "soon"$/,
      ) as string,
    })
    expect((await hup(node)).msg, 'and again').toContain('reload rejected')
    expect((await reload(node, good(port))).msg).toMatch(/: no changes$/)
    await peer.send('still here')
    await node.received('steady-in', 1)
  })

  it.each<[string, (node: RunningNode, file: string) => void, RegExp]>([
    [
      'is gone',
      (_node, file) => {
        rmSync(file)
      },
      /does not exist/,
    ],
    [
      'is a folder now',
      (_node, file) => {
        rmSync(file)
        mkdirSync(file)
      },
      /is a folder, expected a file/,
    ],
    [
      'is empty',
      (_node, file) => {
        writeFileSync(file, '')
      },
      /1 problem|problems/,
    ],
    [
      'is half written',
      (_node, file) => {
        const text = JSON.stringify({ listen: { port: 0 }, links: [{ id: 'x', role: 'passive' }] })
        writeFileSync(file, text.slice(0, -3))
      },
      /1 problem/,
    ],
    [
      'names a router that throws while it is loaded',
      (node, file) => {
        writeFileSync(file, `${readFileSync(file, 'utf8')}\nrouter: ./bad.mjs\n`)
        replace(node, 'throw new Error("no database")', 'bad.mjs')
      },
      /1 problem/,
    ],
  ])('leaves the last good one in force where it %s', async (_name, spoil, why) => {
    const node = await RunningNode.start(good(0))
    spoil(node, join(node.folder, '.commlooprc'))
    const line = await hup(node)
    expect(line.level).toBe('error')
    expect(line.msg).toMatch(why)
    const peer = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await peer.send('as before')
    await node.received('steady-in', 1)
    expect((await node.stop()).status.code).toBe(0)
  })

  it('changes nothing if it can no longer be read', async () => {
    const node = await RunningNode.start(good(0))
    chmodSync(join(node.folder, '.commlooprc'), 0)
    const line = await hup(node)
    // root may read every file, so the reload succeeds without a change.
    if (process.getuid?.() === 0) expect(line.msg).toContain('no changes')
    else expect(line.msg).toContain('cannot be read')
  })

  it.each([
    ['node', 'node: north', 'node: south', 'a running node keeps its name, "north"'],
    [
      'transport',
      'stopDeadline',
      'transport: { use: tcp, noDelay: false }\nstopDeadline',
      'a running node keeps its transport',
    ],
    [
      'control',
      'stopDeadline',
      'control: ./other.sock\nstopDeadline',
      'a running node keeps its control',
    ],
  ])('asks for what takes a restart: %s', async (path, from, to, why) => {
    const node = await RunningNode.start(good(0))
    await reload(node, good(0).replace(from, to))
    const line = await node.process.log((told) => told['path'] === path)
    expect(line.msg).toContain(why)
    expect(line.msg).toContain('restart it to change that')
  })
})

describe('a router', () => {
  const router = (link: string): string =>
    `let asked = 0\nexport default { name: "r", route: () => asked++ < 100 ? "${link}" : "nowhere" }\n`
  const table = (more = ''): string =>
    TABLE(0, '  - { id: other, role: passive, ip: 127.0.0.4 }\n', more)

  it.each(['./router.mjs', './router.cjs'])(
    'in %s is loaded again if its file has changed, and kept if it has not',
    async (file) => {
      const name = file.slice(2)
      const code = (link: string): string =>
        file.endsWith('.cjs')
          ? router(link).replace('export default', 'module.exports =')
          : router(link)
      const config = table(`router: ${file}`)
      const node = await RunningNode.start(config, { files: { [name]: code('steady-in') } })
      node.send('1', { id: '1' })
      replace(node, code('other'), name)
      const line = await hup(node)
      expect(line['keys']).toEqual(['router'])
      node.send('2', { id: '2' })
      expect((await hup(node)).msg).toContain('no changes')
      replace(node, 'this is no code', name)
      expect((await hup(node)).msg).toContain('reload rejected')
      replace(node, code('steady-in'), name)
      expect((await hup(node))['keys']).toEqual(['router'])
      node.send('3', { id: '3' })
      const [first, other] = [
        await RawPeer.dial({ from: '127.0.0.2', port: node.port }),
        await RawPeer.dial({ from: '127.0.0.4', port: node.port }),
      ]
      await first.received(2)
      await other.received(1)
      expect([first.texts, other.texts]).toEqual([['1', '3'], ['2']])
    },
  )

  it('changes with its file and with its options', async () => {
    const make =
      'export default { kind: "router", name: "to", apiVersion: 1, create: ({ link }) => ({ route: () => link }) }'
    const config = (link: string): string => table(`router: { use: ./to.mjs, link: ${link} }`)
    const node = await RunningNode.start(table(), { files: { 'to.mjs': make } })
    for (const link of ['steady-in', 'other']) {
      expect((await reload(node, config(link)))['keys']).toEqual(['router'])
      node.send(link, { id: link })
    }
    expect((await reload(node, table()))['keys']).toEqual(['router'])
    const other = await RawPeer.dial({ from: '127.0.0.4', port: node.port })
    await other.received(1)
    expect(other.texts).toEqual(['other'])
  })
})

describe('listening', () => {
  it('moves to another port while connections stay open', async () => {
    const [port, next] = [await freePort(), await freePort()]
    const node = await RunningNode.start(TABLE(port, ''))
    const peer = await RawPeer.dial({ from: '127.0.0.2', port })
    await node.link('steady-in', 'up')
    const table = TABLE(next, '  - { id: late, role: passive, ip: 127.0.0.4 }\n')
    expect(await reload(node, table)).toMatchObject({ keys: ['listen'], added: ['late'] })
    await RawPeer.dial({ from: '127.0.0.4', port: next })
    await node.link('late', 'up')
    await expect(RawPeer.dial({ from: '127.0.0.2', port })).rejects.toThrow(/ECONNREFUSED/)
    await peer.send('over the old door')
    await node.received('steady-in', 1)
  })

  it('moves from one address of a port to all, which cannot be open at the same time', async () => {
    const port = await freePort()
    const node = await RunningNode.start(TABLE(port, ''))
    const all = TABLE(port, '').replace('host: 127.0.0.1', 'host: 0.0.0.0')
    expect(await reload(node, all)).toMatchObject({ level: 'info', keys: ['listen'] })
    await RawPeer.dial({ from: '127.0.0.2', host: '127.0.0.5', port })
    await node.link('steady-in', 'up')
  })

  it('does not change if the new port is in use, and neither does anything else', async () => {
    const taken = await RawListener.open({ host: '127.0.0.1' })
    const port = await freePort()
    const node = await RunningNode.start(TABLE(port, ''))
    const line = await reload(
      node,
      TABLE(taken.port, '', 'relay: true').replace('127.0.0.2', '127.0.0.9'),
    )
    expect(line).toMatchObject({ level: 'error', code: 'CML_ERR_LISTEN' })
    expect(line.msg).toMatch(
      /nothing has changed: cannot listen at .*another program uses this port/,
    )
    await RawPeer.dial({ from: '127.0.0.2', port })
    await node.link('steady-in', 'up')
  })
})

describe.skipIf(opensslIsMissing('renewing a certificate'))('a certificate that is renewed', () => {
  it('is used for connections after a reload, and open connections stay open', async () => {
    const certificates = new CertificateFolder()
    onTestFinished(() => {
      certificates.dispose()
    })
    const ca = certificates.authority('ca')
    const identities = [certificates.signed('first', 'ca'), certificates.signed('second', 'ca')]
    const tls = join(testFolder(), 'tls')
    mkdirSync(tls)
    const install = (at: number): void => {
      cpSync(identities[at]?.cert ?? '', join(tls, 'cert.pem'))
      cpSync(identities[at]?.key ?? '', join(tls, 'key.pem'))
    }
    install(0)
    const files = `cert: ${join(tls, 'cert.pem')}, key: ${join(tls, 'key.pem')}, verifyPeer: false`
    const table = `
      listen: { host: 127.0.0.1, port: 0, tls: { ${files} } }
      links:
        - { id: peer, role: passive, ip: 127.0.0.0/24, slots: 2 }
    `.replace('port: 0', `port: ${String(await freePort())}`)
    const node = await RunningNode.start(table)
    const nameShown = async (): Promise<[string, TLSSocket]> => {
      const socket = connectTls({ port: node.port, host: '127.0.0.1', ca: readFileSync(ca) })
      onTestFinished(() => {
        socket.destroy()
      })
      await once(socket, 'secureConnect')
      return [socket.getPeerCertificate().subject.CN, socket]
    }
    const [before, socket] = await nameShown()
    expect(before).toBe('first')
    install(1)
    expect(await hup(node)).toMatchObject({ level: 'info', keys: ['listen'] })
    expect((await hup(node)).msg).toContain('no changes')
    expect((await nameShown())[0]).toBe('second')
    socket.write(Buffer.from([0, 1, 0x21]))
    await node.received('peer/1', 1)
    rmSync(join(tls, 'key.pem'))
    expect((await hup(node)).msg).toContain('reload rejected')
  })
})

describe('a link that a reload removes', () => {
  it('writes its queue, ends with FIN, and is in the final counters', async () => {
    const peer = await RawListener.open({ host: '127.0.0.4' })
    const link = `  - { id: other, role: active, ip: 127.0.0.4, port: ${String(peer.port)} }\n`
    const node = await RunningNode.start(TABLE(0, link))
    const socket = await peer.peer(1)
    await node.link('other', 'up')
    for (let number = 0; number < 50; number++) node.send(String(number), { to: 'other' })
    await socket.received(50)
    expect(await reload(node, TABLE(0, ''))).toMatchObject({ removed: ['other'] })
    await node.link('other', 'draining')
    await socket.fin()
    socket.finish()
    await node.link('other', 'closed')
    node.send('nobody', { to: 'other', id: 'x' })
    await node.error(({ id }) => id === 'x')
    const { accepted, copies } = await node.stop()
    expect({ accepted, copies }).toEqual({ accepted: 50, copies: 50 })
  })
})

describe('a link that a reload adds', () => {
  it('is not read while the output of the node is not read, like other links', async () => {
    const [count, bytes] = [400, 60 * 1024]
    const payloads = Array.from({ length: count }, () => Buffer.alloc(bytes))
    const node = await RunningNode.start(TABLE(0, ''))
    const steady = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    node.process.pauseOutput()
    void steady.send(...payloads)
    await settledAt('what the peer still holds', () => steady.unsentBytes)
    expect(steady.unsentBytes).toBeGreaterThan(0)
    await reload(node, TABLE(0, '  - { id: late, role: passive, ip: 127.0.0.4 }\n'))
    const late = await RawPeer.dial({ from: '127.0.0.4', port: node.port })
    void late.send(...payloads)
    await settledAt('what the new peer still holds', () => late.unsentBytes)
    expect(late.unsentBytes).toBeGreaterThan(0)
    node.process.resumeOutput()
    await node.received('late', count)
    await node.received('steady-in', count)
  })

  it('can have a codec for larger payloads, which input can then contain', async () => {
    const wide =
      'export default { kind: "codec", name: "wide", apiVersion: 1, create: () => ({ ' +
      'payloadBytesMax: 1e6, frameBytesMax: (bytes) => bytes, header: undefined, ' +
      'encode: (payload, into, at) => { into.set(payload, at); return at + payload.length }, ' +
      'createDecoder: () => ({ push() {}, next() {}, midFrame: false, end() {} }) }) }'
    const node = await RunningNode.start(TABLE(0, ''), { files: { 'wide.mjs': wide } })
    const link = '  - { id: late, role: passive, ip: 127.0.0.4, codec: ./wide.mjs }\n'
    await reload(node, TABLE(0, link))
    const late = await RawPeer.dial({ from: '127.0.0.4', port: node.port })
    node.send('x'.repeat(900_000), { to: 'late' })
    await eventually(
      'all of it',
      () => late.receivedBytes === 900_000,
      () => late.state,
    )
  })
})

describe('many reloads', () => {
  it('run one after the other, and the last content of the file counts', async () => {
    const node = await RunningNode.start(TABLE(0, ''))
    const entries = (count: number): string =>
      Array.from(
        { length: count },
        (_, at) => `  - { id: cell-${String(at)}, role: passive, ip: 127.0.3.${String(at + 1)} }\n`,
      ).join('')
    for (let count = 1; count <= 100; count++) {
      replace(node, TABLE(0, entries(count)))
      node.process.kill('SIGHUP')
    }
    await node.link('cell-99', 'awaiting')
    await hup(node)
    expect(reloads(node).every(({ level }) => level === 'info')).toBe(true)
    for (let at = 0; at < 100; at++)
      expect(node.states(`cell-${String(at)}`)).toEqual(['awaiting 0'])
  })

  it('follow a link to a folder that is swapped', async () => {
    const folder = testFolder({
      'one/.commlooprc': TABLE(0, ''),
      'two/.commlooprc': TABLE(0, '  - { id: other, role: passive, ip: 127.0.0.4 }\n'),
    })
    symlinkSync('one', join(folder, 'now'))
    symlinkSync('now/.commlooprc', join(folder, '.commlooprc'))
    const node = await RunningNode.startIn(folder)
    symlinkSync('two', join(folder, 'next'))
    renameSync(join(folder, 'next'), join(folder, 'now'))
    expect(await hup(node)).toMatchObject({ added: ['other'] })
  })
})
