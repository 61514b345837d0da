import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { framing } from '@commloop/framings'
import { folderWith } from '@commloop/test-support/temporary-folder'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { type DebianTool, someToolIsMissing } from './debian-tool.js'
import { namedCodec } from './named-codec.js'
import { Stage } from './stage.js'
import { waitFor } from './wait-for.js'

const TEXT2PCAP: DebianTool = { command: 'text2pcap', package: 'tshark' }
const TSHARK: DebianTool = { command: 'tshark', package: 'tshark' }
const CLIENT_PORT = 40_000

const stage = new Stage()
afterEach(() => stage.clear())

/** What a node writes to the peer for these payloads. */
async function written(codec: string, payloads: readonly Buffer[]): Promise<Buffer> {
  const chunks: Buffer[] = []
  const server = createServer((socket) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', () => undefined)
  })
  server.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  let isOver = false
  server.on('connection', (socket) => socket.on('end', () => (isOver = true)))
  const node = await stage.dialled((server.address() as AddressInfo).port, namedCodec(codec))
  for (const payload of payloads) node.send(payload, { to: 'peer' })
  await node.stop()
  await waitFor(() => isOver)
  return Buffer.concat(chunks)
}

interface Dissection {
  /** The values of the field in all frames that tshark finds. */
  readonly values: readonly string[]
  /** Malformed packets, and what its experts say. */
  readonly complaints: string
}

/** What tshark says about bytes that a client sends to a port. */
async function dissected(
  bytes: Buffer,
  [port, protocol, field]: readonly [number, string, string],
): Promise<Dissection> {
  const folder = folderWith({})
  const [text, capture] = [join(folder, 'bytes.txt'), join(folder, 'bytes.pcap')]
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
  writeFileSync(text, `000000 ${hex}\n`)
  const ports = `${String(CLIENT_PORT)},${String(port)}`
  const text2pcap = stage.program(TEXT2PCAP.command, '-T', ports, text, capture)
  expect(await text2pcap.ended(), text2pcap.errors).toBe(0)
  const tshark = stage.program(
    TSHARK.command,
    ...['-r', capture, '-d', `tcp.port==${String(port)},${protocol}`, '-T', 'fields'],
    ...['-e', field, '-e', '_ws.malformed', '-e', '_ws.expert.message'],
  )
  expect(await tshark.ended(), tshark.errors).toBe(0)
  const [found = '', ...complaints] = tshark.output.split('\t')
  return { values: found.split(','), complaints: complaints.join('').trim() }
}

/** The payloads of all samples, as a sender hands them over. */
function samples(codec: string): string[] {
  return (framing(codec)?.samples ?? []).map(({ encodes, payload }) => encodes ?? payload)
}

function twice(texts: readonly string[]): string[] {
  return [...texts, ...texts]
}

const MODBUS_READ = '0001 0000 0000 01 03 0000 0001'
const LDAP_BIND = '300c 020101 6007 020103 0400 8000'
const AMQP_TUNE_OK = '01 0000 00000000 000a 001f 0000 00020000 003c'
const DIAMETER_WATCHDOG =
  '01 000000 80 000118 00000000 00000001 00000002 00000108 4000000b 612e6200 00000128 4000000b 612e6200'
const HL7_ORDER = Buffer.from(
  'MSH|^~\\&|HIS|B|LAB|A|20250929101112||ORM^O01|1|P|2.5\rPID|1||7\r',
).toString('hex')

describe.skipIf(someToolIsMissing('dissection', [TEXT2PCAP, TSHARK]))('tshark', () => {
  it.each<[string, readonly [number, string, string], string[], string[]]>([
    ['tpkt', [102, 'tpkt', 'tpkt.length'], samples('tpkt'), ['7', '11']],
    ['modbus-tcp', [502, 'mbtcp', 'mbtcp.len'], [MODBUS_READ], ['6']],
    ['iec104', [2404, 'iec60870_104', 'iec60870_104.apdulen'], samples('iec104'), ['4', '4']],
    ['dicom', [104, 'dicom', 'dicom.pdu.len'], samples('dicom'), ['4']],
    ['smpp', [2775, 'smpp', 'smpp.command_length'], samples('smpp'), ['16']],
    ['diameter', [3868, 'diameter', 'diameter.length'], [DIAMETER_WATCHDOG], ['44']],
    ['mllp', [2575, 'hl7', 'hl7.message.type'], [HL7_ORDER], ['ORM']],
    ['ber', [389, 'ldap', 'ldap.messageID'], [LDAP_BIND], ['1']],
    ['amqp', [5672, 'amqp', 'amqp.length'], [AMQP_TUNE_OK], ['12']],
    ['enip', [44_818, 'enip', 'enip.length'], samples('enip'), ['4']],
    ['opc-ua', [4840, 'opcua', 'opcua.transport.size'], samples('opc-ua'), ['28']],
    ['fins-tcp', [9600, 'omron', 'omron.tcp.length'], samples('fins-tcp'), ['12']],
    ['hsms', [5000, 'hsms', 'hsms.length'], samples('hsms'), ['10']],
    ['postgres', [5432, 'pgsql', 'pgsql.length'], samples('postgres'), ['5']],
    ['thrift', [9090, 'thrift', 'thrift.frame_len'], samples('thrift'), ['16']],
  ])('reads each frame that a node writes with %s', async (codec, dissector, payloads, values) => {
    const given = twice(payloads).map((hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex'))
    const bytes = await written(codec, given)
    expect(await dissected(bytes, dissector)).toEqual({ values: twice(values), complaints: '' })
  })
})
