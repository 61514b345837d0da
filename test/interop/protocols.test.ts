import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '@commloop/test-support/free-port'
import { folderWith } from '@commloop/test-support/temporary-folder'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { type DebianTool, someToolIsMissing } from './debian-tool.js'
import type { ForeignProcess } from './foreign-process.js'
import { namedCodec } from './named-codec.js'
import { type Pdu, smpp } from './smpp-package.js'
import { received, Stage } from './stage.js'
import { waitFor } from './wait-for.js'

/** Another Python in the PATH does not have the modules of Debian. */
const PYTHON: DebianTool = { command: '/usr/bin/python3', package: 'python3' }
const MODULES = '/usr/lib/python3/dist-packages'
const TWISTED: DebianTool = { command: `${MODULES}/twisted`, package: 'python3-twisted' }
const PYMODBUS: DebianTool = { command: `${MODULES}/pymodbus`, package: 'python3-pymodbus' }
const SERIAL: DebianTool = {
  command: `${MODULES}/serial_asyncio`,
  package: 'python3-serial-asyncio',
}
const MBPOLL: DebianTool = { command: 'mbpoll', package: 'mbpoll' }
const STORESCU: DebianTool = { command: 'storescu', package: 'dcmtk' }
const STORESCP: DebianTool = { command: 'storescp', package: 'dcmtk' }
const SLAPD: DebianTool = { command: 'slapd', package: 'slapd' }
const LDAP: DebianTool = { command: 'ldapsearch', package: 'ldap-utils' }
const RSYSLOG: DebianTool = { command: 'rsyslogd', package: 'rsyslog' }

const peer = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const TWISTED_PEER = peer('twisted-peer.py')
const MODBUS_SERVER = peer('modbus-server.py')

const stage = new Stage()
afterEach(() => stage.clear())

async function listeningPort(process: ForeignProcess): Promise<number> {
  return Number((await process.line(/^listening (\d+)$/))[1])
}

const TWISTED_FRAMINGS = [
  ['netstring', 'netstring'],
  ['int8', 'len8'],
  ['int32', 'len32'],
  ['line', 'crlf'],
] as const

describe.skipIf(someToolIsMissing('Twisted', [PYTHON, TWISTED]))('Twisted', () => {
  it.each(TWISTED_FRAMINGS)('echoes %s, which is the codec %s', async (framing, codec) => {
    const twisted = stage.program(PYTHON.command, TWISTED_PEER, 'serve', framing)
    const node = await stage.dialled(await listeningPort(twisted), namedCodec(codec))
    const echoed = received(node)
    const sent = Array.from(
      { length: 300 },
      (_, n) => `${String(n % 10)}${'x'.repeat((n * 17) % 255)}`,
    )
    for (const each of sent) node.send(Buffer.from(each), { to: 'peer' })
    await waitFor(() => echoed.length === sent.length)
    expect(echoed).toEqual(sent)
  })

  it.each(TWISTED_FRAMINGS)('gets back what it sends with %s, from %s', async (framing, codec) => {
    const node = await stage.listening(namedCodec(codec))
    node.on('message', ({ payload, link }) => node.send(payload, { to: link }))
    const port = String(node.listening?.port)
    const twisted = stage.program(PYTHON.command, TWISTED_PEER, 'ask', framing, port, '400')
    await twisted.line(/^echoed 400$/)
    expect(node.link('peer').counters).toMatchObject({ received: 400, written: 400 })
  })
})

describe.skipIf(someToolIsMissing('Modbus TCP', [PYTHON, PYMODBUS, SERIAL, MBPOLL]))(
  'Modbus TCP',
  () => {
    it('answers of pymodbus have the transaction numbers of our requests', async () => {
      const server = stage.program(PYTHON.command, MODBUS_SERVER)
      const node = await stage.dialled(await listeningPort(server), namedCodec('modbus-tcp'))
      const key = (payload: Uint8Array): number => Buffer.from(payload).readUInt16BE(0)
      const ask = async (register: number): Promise<number> => {
        const request = Buffer.from('000000000000010300000001', 'hex')
        request.writeUInt16BE(register + 1, 0)
        request.writeUInt16BE(register, 8)
        const { payload } = await node.request(request, { to: 'peer', key })
        return Buffer.from(payload).readUInt16BE(9)
      }
      const registers = Array.from({ length: 200 }, (_, register) => register)
      expect(await Promise.all(registers.map(ask))).toEqual(registers.map((each) => 7 * each))
    })

    it('a node passes on what mbpoll asks and pymodbus answers', async () => {
      const server = stage.program(PYTHON.command, MODBUS_SERVER)
      const node = await stage.between(await listeningPort(server), namedCodec('modbus-tcp'))
      const options = ['-1', '-p', String(node.listening?.port), '-r', '11', '-c', '100']
      const mbpoll = stage.program(MBPOLL.command, ...options, '127.0.0.1')
      expect(await mbpoll.ended()).toBe(0)
      const values = [...mbpoll.output.matchAll(/^\[(\d+)\]:\s+(\d+)/gm)].map(([, at, value]) => [
        Number(at),
        Number(value),
      ])
      expect(values).toEqual(Array.from({ length: 100 }, (_, n) => [11 + n, 7 * (10 + n)]))
    })
  },
)

describe.skipIf(someToolIsMissing('DICOM', [STORESCU, STORESCP]))('dcmtk', () => {
  /** An image of 300,000 bytes as a DICOM file. */
  async function imageFile(folder: string, pixels: Buffer): Promise<string> {
    const [text, raw, image] = ['image.txt', 'pixels.raw', 'image.dcm'].map((name) =>
      join(folder, name),
    )
    const dataset = [
      '(0008,0016) UI =SecondaryCaptureImageStorage',
      '(0008,0018) UI [1.2.276.0.7230010.3.1.4.1]',
      '(0010,0010) PN [Test^Image]',
      '(0028,0010) US 500',
      '(0028,0011) US 600',
      `(7fe0,0010) OB =${String(raw)}`,
    ]
    writeFileSync(String(raw), pixels)
    writeFileSync(String(text), dataset.join('\n'))
    const dump2dcm = stage.program('dump2dcm', String(text), String(image))
    expect(await dump2dcm.ended(), dump2dcm.errors).toBe(0)
    return String(image)
  }

  it('stores an image through a node between storescu and storescp', async () => {
    const pixels = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, n) => (n * n) >> 7))
    const folder = folderWith({ 'stored/.keep': '' })
    const image = await imageFile(folder, pixels)
    const port = await freePort()
    const stored = join(folder, 'stored')
    stage.program(STORESCP.command, '--bit-preserving', '-od', stored, String(port))
    const node = await stage.between(port, namedCodec('dicom'))
    const storescu = stage.program(
      STORESCU.command,
      '127.0.0.1',
      String(node.listening?.port),
      image,
    )
    expect(await storescu.ended(), storescu.errors).toBe(0)
    const [name = ''] = readdirSync(stored).filter((each) => each !== '.keep')
    expect(readFileSync(join(stored, name)).includes(pixels)).toBe(true)
  })
})

describe.skipIf(someToolIsMissing('LDAP', [SLAPD, LDAP]))('OpenLDAP', () => {
  it('adds and finds entries through a node between its clients and slapd', async () => {
    const folder = folderWith({ 'data/.keep': '' })
    const count = 60
    const entries = Array.from(
      { length: count },
      (_, n) =>
        `dn: cn=e${String(n)},dc=plant\nobjectClass: device\ncn: e${String(n)}\ndescription: ${'d'.repeat(n * 100 + 1)}\n`,
    )
    const root =
      'dn: dc=plant\nobjectClass: organization\nobjectClass: dcObject\no: plant\ndc: plant\n'
    writeFileSync(join(folder, 'entries.ldif'), [root, ...entries].join('\n'))
    writeFileSync(
      join(folder, 'slapd.conf'),
      `include /etc/ldap/schema/core.schema
database ldif
suffix "dc=plant"
directory ${folder}/data
rootdn "cn=admin,dc=plant"
rootpw secret
`,
    )
    const port = await freePort()
    const url = `ldap://127.0.0.1:${String(port)}`
    stage.program(SLAPD.command, '-d', '0', '-h', url, '-f', join(folder, 'slapd.conf'))
    const node = await stage.between(port, namedCodec('ber'))
    const through = ['-x', '-H', `ldap://127.0.0.1:${String(node.listening?.port)}`]
    const admin = ['-D', 'cn=admin,dc=plant', '-w', 'secret']
    const add = stage.program('ldapadd', ...through, ...admin, '-f', join(folder, 'entries.ldif'))
    expect(await add.ended(), add.errors).toBe(0)
    // slapd ends the connection after the unbind of ldapadd.
    await waitFor(() => node.link('server').state === 'up' && node.link('server').epoch === 2)
    const search = stage.program(
      LDAP.command,
      ...through,
      ...admin,
      '-LLL',
      '-o',
      'ldif-wrap=no',
      '-b',
      'dc=plant',
      '(cn=e*)',
      'description',
    )
    expect(await search.ended(), search.errors).toBe(0)
    const lengths = [...search.output.matchAll(/^description: (d+)$/gm)].map(
      ([, d = '']) => d.length,
    )
    expect(lengths.sort((a, b) => a - b)).toEqual(entries.map((_, n) => n * 100 + 1))
  })
})

describe.skipIf(someToolIsMissing('rsyslog', [RSYSLOG]))('rsyslog', () => {
  it.each([
    ['syslog-octet', 'octet-counted'],
    ['syslog-lines', 'traditional'],
  ])('takes %s from a node and sends it to another one as %s', async (codec, framing) => {
    const to = await stage.listening(namedCodec(codec))
    const messages = received(to)
    const folder = folderWith({})
    writeFileSync(
      join(folder, 'rsyslog.conf'),
      `global(workDirectory="${folder}" maxMessageSize="64k")
module(load="imtcp")
input(type="imtcp" port="0" address="127.0.0.1" listenPortFileName="${folder}/port" ruleset="on")
template(name="plain" type="string" string="%rawmsg%")
ruleset(name="on") {
  action(type="omfwd" target="127.0.0.1" port="${String(to.listening?.port)}" protocol="tcp" tcp_framing="${framing}" template="plain")
}
`,
    )
    stage.program(
      RSYSLOG.command,
      '-n',
      '-f',
      join(folder, 'rsyslog.conf'),
      '-i',
      join(folder, 'pid'),
    )
    const port = join(folder, 'port')
    await waitFor(() => existsSync(port) && readFileSync(port, 'utf8') !== '')
    const from = await stage.dialled(Number(readFileSync(port, 'utf8')), namedCodec(codec))
    const sent = Array.from(
      { length: 200 },
      (_, n) => `<13>1 - - - - - - ${String(n)}${'.'.repeat(n * 20)}`,
    )
    for (const each of sent) from.send(Buffer.from(each), { to: 'peer' })
    await waitFor(() => messages.length === sent.length)
    expect(messages).toEqual(sent)
  })
})

describe('the npm package smpp', () => {
  it('binds, submits and unbinds through a node between its client and its server', async () => {
    const submitted: string[] = []
    const server = smpp.createServer((session) => {
      session.on('bind_transceiver', (pdu: Pdu) => session.send(pdu.response()))
      session.on('unbind', (pdu: Pdu) => session.send(pdu.response()))
      session.on('submit_sm', (pdu: Pdu) => {
        submitted.push(String(pdu.short_message?.message))
        session.send(pdu.response({ message_id: String(submitted.length) }))
      })
    })
    server.listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const node = await stage.between((server.address() as AddressInfo).port, namedCodec('smpp'))

    const client = smpp.connect({ url: `smpp://127.0.0.1:${String(node.listening?.port)}` })
    onTestFinished(() => {
      client.destroy()
    })
    const ask = (command: string, fields: Readonly<Record<string, unknown>>): Promise<Pdu> =>
      new Promise((resolve) => client.send(new smpp.PDU(command, fields), resolve))
    await once(client, 'connect')
    const credentials = { system_id: 'plant', password: 'x' }
    expect(await ask('bind_transceiver', credentials)).toMatchObject({ command_status: 0 })
    const texts = Array.from({ length: 100 }, (_, n) => `alarm ${String(n)} ${'!'.repeat(n)}`)
    const answers = await Promise.all(
      texts.map((short_message) => ask('submit_sm', { destination_addr: '2', short_message })),
    )
    expect(submitted).toEqual(texts)
    expect(answers.map(({ message_id }) => Number(message_id))).toEqual(texts.map((_, n) => n + 1))
    expect(await ask('unbind', {})).toMatchObject({ command: 'unbind_resp' })
  })
})
