import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Node } from '@commloop/core'
import { SeededRandom } from '@commloop/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { type DebianTool, someToolIsMissing, toolPath } from './debian-tool.js'
import type { ForeignProcess } from './foreign-process.js'
import { namedCodec } from './named-codec.js'
import { received, Stage } from './stage.js'
import { waitFor } from './wait-for.js'

const ERLANG: DebianTool = { command: 'escript', package: 'erlang-base' }
const PYTHON_HL7: DebianTool = { command: 'mllp_send', package: 'python3-hl7' }
/** Another Python in the PATH does not have the modules of Debian. */
const PYTHON: DebianTool = { command: '/usr/bin/python3', package: 'python3' }
const LOGGER: DebianTool = { command: 'logger', package: 'bsdutils' }

const ECHO = fileURLToPath(new URL('packet-echo.escript', import.meta.url))
const HL7 = fileURLToPath(new URL('hl7-peer.py', import.meta.url))

const stage = new Stage()

afterEach(() => stage.clear())

async function listeningPort(process: ForeignProcess): Promise<number> {
  return Number((await process.line(/^listening (\d+)$/))[1])
}

const random = new SeededRandom('framings')
const anyBytes = (bytes: number): Buffer =>
  Buffer.from(Uint8Array.from({ length: bytes }, () => random.int(256)))
const text = (bytes: number): Buffer =>
  Buffer.from(Uint8Array.from({ length: bytes }, () => 0x20 + random.int(95)))

/** An octet string in BER with a length of as few bytes as possible. */
function octetString(bytes: number): Buffer {
  const length =
    bytes < 128 ? [bytes] : bytes < 256 ? [0x81, bytes] : [0x82, bytes >> 8, bytes & 0xff]
  return Buffer.concat([Buffer.from([0x04, ...length]), anyBytes(bytes)])
}

describe.skipIf(someToolIsMissing('Erlang packet types', [ERLANG]))('Erlang', () => {
  it.each<[string, string, (bytes: number) => Buffer, readonly number[]]>([
    ['1', 'len8', anyBytes, [0, 1, 127, 128, 255]],
    ['4', 'len32', anyBytes, [0, 1, 255, 256, 65_535, 65_536, 300_000]],
    ['line', 'lines', text, [0, 1, 255, 4_096, 65_000]],
    ['tpkt', 'tpkt', anyBytes, [1, 3, 4, 255, 65_531]],
    ['asn1', 'ber', octetString, [0, 1, 127, 128, 255, 256, 40_000]],
  ])(
    'echoes messages with {packet, %s}, which is the codec %s',
    async (type, codec, payload, sizes) => {
      const erlang = stage.program(ERLANG.command, ECHO, type)
      const node = await stage.dialled(await listeningPort(erlang), namedCodec(codec))
      const echoed = received(node)
      const sent = [...sizes, ...Array.from({ length: 300 }, () => 1 + random.int(100))].map(
        payload,
      )
      for (const each of sent) node.send(each, { to: 'peer' })
      await waitFor(() => echoed.length === sent.length)
      expect(echoed).toEqual(sent.map((each) => each.toString('latin1')))
    },
  )
})

describe.skipIf(someToolIsMissing('MLLP', [PYTHON, PYTHON_HL7]))('python3-hl7', () => {
  const header = (id: number, more: string): string =>
    `MSH|^~\\&|HIS|B|LAB|A|20250929101112||${more}|${String(id)}|P|2.5\r`

  it('acknowledges every message that we send', async () => {
    const python = stage.program(PYTHON.command, HL7, 'serve')
    const node = await stage.dialled(await listeningPort(python), namedCodec('mllp'))
    const answers = received(node)
    const ids = Array.from({ length: 200 }, (_, id) => id)
    for (const id of ids) {
      const segments = `OBX|1|TX|note||${text(random.int(2_000))
        .toString()
        .replaceAll(/[|\\&^~]/g, ' ')}\r`
      node.send(Buffer.from(header(id, 'ORU^R01') + segments), { to: 'peer' })
    }
    await waitFor(() => answers.length === ids.length)
    const acknowledged = answers.map((answer) => /\rMSA\|AA\|(\d+)/.exec(answer)?.[1])
    expect(acknowledged).toEqual(ids.map(String))
  })

  it('gets an acknowledgement of ours for every message that it sends', async () => {
    const node = await stage.listening(namedCodec('mllp'))
    node.on('message', ({ payload, link }) => {
      const id = Buffer.from(payload).toString().split('|')[9] ?? ''
      node.send(Buffer.from(`${header(0, 'ACK')}MSA|AA|${id}\r`), { to: link })
    })
    const python = stage.program(PYTHON.command, HL7, 'ask', String(node.listening?.port), '300')
    await python.line(/^acknowledged 300$/)
    expect(node.link('peer').counters).toMatchObject({ received: 300, written: 300 })
  })
})

describe.skipIf(someToolIsMissing('syslog', [LOGGER]))('logger of util-linux', () => {
  const log = async (node: Node, message: string, ...options: string[]): Promise<void> => {
    const target = ['--tcp', '--server', '127.0.0.1', '--port', String(node.listening?.port)]
    await promisify(execFile)(toolPath(LOGGER.command) ?? '', [
      ...target,
      '--rfc5424',
      ...options,
      message,
    ])
  }

  it('sends messages of several lines with octet counting, which is syslog-octet', async () => {
    const node = await stage.listening(namedCodec('syslog-octet'))
    const messages = received(node)
    for (let number = 1; number <= 5; number++) {
      await log(node, `message ${String(number)}\nsecond line`, '--octet-count')
      await waitFor(() => messages.length === number)
    }
    expect(messages.every((message) => /^<13>1 .*message \d\nsecond line$/s.test(message))).toBe(
      true,
    )
  })

  it('sends a line for each message without octet counting, which is syslog-lines', async () => {
    const node = await stage.listening(namedCodec('syslog-lines'))
    const messages = received(node)
    for (let number = 1; number <= 5; number++) {
      await log(node, `message ${String(number)}`)
      await waitFor(() => messages.length === number)
    }
    expect(messages.every((message) => /^<13>1 .*message \d$/.test(message))).toBe(true)
  })
})
