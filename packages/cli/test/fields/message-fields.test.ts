import { writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  CliProcess,
  DEADLINE_MS,
  endCliProcessesAfterEach,
  type OutputLine,
  runCli,
} from '@commloop/test-support/cli-process'
import { closeClientsAfterEach, ControlNode } from '@commloop/test-support/control-node'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'
import type { LinkStatus } from '@commloop/control'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()
closeClientsAfterEach()

const CODEC = { use: 'telegram-40', fields: { sender: 'L3', receiver: 'L2' } }
const HEADER_BYTES = 40
/** What date and time are in these tests, because they are those of the clock. */
const MADE = '<date and time>'

/** A peer that listens, and collects the telegrams that it receives. */
class TelegramPeer {
  readonly port: number
  readonly #server: Server
  #bytes = ''
  #socket: Socket | undefined
  readonly #waiting: (() => void)[] = []

  private constructor(server: Server) {
    this.#server = server
    this.port = (server.address() as { port: number }).port
    server.on('connection', (socket) => {
      this.#socket = socket
      socket.on('error', () => undefined)
      socket.on('data', (chunk) => {
        this.#bytes += chunk.toString('latin1')
        for (const look of this.#waiting.splice(0)) look()
      })
    })
  }

  static async listen(): Promise<TelegramPeer> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const peer = new TelegramPeer(server)
    peers.push(peer)
    return peer
  }

  get telegrams(): string[] {
    const found: string[] = []
    let rest = this.#bytes
    for (;;) {
      const length = Number(rest.slice(0, 4))
      if (rest.length < HEADER_BYTES || rest.length < length) return found
      const telegram = rest.slice(0, length)
      found.push(`${telegram.slice(0, 8)}${MADE}${telegram.slice(22)}`)
      rest = rest.slice(length)
    }
  }

  async received(count: number): Promise<string[]> {
    while (this.telegrams.length < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    return this.telegrams
  }

  write(text: string): void {
    this.#socket?.write(Buffer.from(text, 'latin1'))
  }

  close(): void {
    this.#socket?.destroy()
    this.#server.close()
  }
}

const peers: TelegramPeer[] = []
afterEach(() => {
  for (const peer of peers.splice(0)) peer.close()
})

function entry(id: string, port: number, more: object = {}): object {
  return { id, role: 'active', ip: '127.0.0.1', port, ...more }
}

async function stdioNode(
  config: (port: number) => object,
  ...args: string[]
): Promise<{ node: CliProcess; peer: TelegramPeer; cwd: string }> {
  const peer = await TelegramPeer.listen()
  const cwd = testFolder({ '.commlooprc': config(peer.port) })
  const node = CliProcess.start(['run', '--stdio', '--fields', '--log-level', 'warn', ...args], {
    cwd,
  })
  await node.eventOf('link', { state: 'up' })
  return { node, peer, cwd }
}

const oneEntry = (port: number): object => ({ codec: CODEC, links: [entry('mes', port)] })

async function errorFor(node: CliProcess, line: object, id: string): Promise<OutputLine> {
  node.send({ ...line, id })
  return await node.eventOf('error', { id })
}

describe('run --stdio', () => {
  it('sends a telegram by its fields, and numbers those of an entry', async () => {
    const { node, peer } = await stdioNode(oneEntry)
    node.send({ fields: { id: 'AA01' }, text: 'hello', to: 'mes' })
    node.send({ fields: { id: 'AA02', receiver: 'X', sequence: 77 }, payload: 'é', to: 0 })
    node.send({ fields: { id: 'AA03' }, hex: '00ff', to: ['mes', { link: 'mes', epoch: 1 }] })
    node.send({ fields: { id: 'AA04' }, base64: 'eA==' })
    expect(await peer.received(4)).toEqual([
      `0045AA01${MADE}L3L2000001        hello`,
      `0042AA02${MADE}L3X 000077        \xc3\xa9`,
      `0042AA03${MADE}L3L2000002        \x00\xff`,
      `0041AA04${MADE}L3L2000003        x`,
    ])
  })

  it('shows received telegrams by their fields, so that they can be sent again as they are', async () => {
    const { node, peer } = await stdioNode(oneEntry, '--keep-open')
    peer.write('0045TEST20250929101112L2L3114514        hello')
    const message = await node.eventOf('message')
    expect(message).toEqual({
      type: 'message',
      link: 'mes',
      epoch: 1,
      fields: {
        id: 'TEST',
        date: '20250929',
        time: '101112',
        sender: 'L2',
        receiver: 'L3',
        sequence: 114_514,
        spare: '',
      },
      body: 'hello',
    })
    node.send({ fields: message['fields'], text: message['body'], to: 'mes' })
    expect(await peer.received(1)).toEqual([`0045TEST${MADE}L2L3114514        hello`])
  })

  it('shows a body that is not UTF-8 in base64, and a header that it cannot read as it came', async () => {
    const { node, peer } = await stdioNode(oneEntry, '--text')
    peer.write('0042TEST20250929101112L2L3000001        \xc3\x28')
    peer.write('0041TEST20259929101112L2L3000002        x')
    expect(await node.eventOf('message', { bodyBase64: 'wyg=' })).toMatchObject({
      fields: { sequence: 1 },
    })
    const unread = await node.eventOf('message', {
      fieldsProblem: 'date (bytes 8 to 15): expected 8 digits YYYYMMDD, found "20259929"',
    })
    expect(Buffer.from(String(unread['base64']), 'base64').toString()).toBe(
      '0041TEST20259929101112L2L3000002        x',
    )
  })

  it('rejects a line whose fields are wrong, with the field and the reason, and only that line', async () => {
    const other = await TelegramPeer.listen()
    const { node, peer } = await stdioNode((port) => ({
      codec: CODEC,
      links: [
        entry('mes', port),
        entry('furnace', other.port),
        entry('plain', other.port, { codec: 'len16' }),
      ],
    }))
    const body = { text: 'hello', to: 'mes' }
    for (const [id, line, code, message] of [
      [
        'a',
        { fields: { idd: 'AA01' }, ...body },
        'CML_ERR_PAYLOAD_INVALID',
        '"idd": unknown field. Did you mean "id"?',
      ],
      [
        'b',
        { fields: { id: 'A A' }, ...body },
        'CML_ERR_PAYLOAD_INVALID',
        'id (bytes 4 to 7): expected 4 printable ASCII characters without blanks, found "A A"',
      ],
      [
        'c',
        { fields: 'AA01', ...body },
        'CML_ERR_INPUT_INVALID',
        'fields: expected an object of values by name, found "AA01"',
      ],
      [
        'd',
        { fields: { id: 'AA01' }, to: 'mes' },
        'CML_ERR_INPUT_INVALID',
        'expected exactly one of payload, text, base64 and hex, found none',
      ],
      [
        'e',
        { fields: { id: 'AA01' }, text: 'x', to: 'plain' },
        'CML_ERR_INPUT_INVALID',
        'fields: the codec len16 of "plain" does not have fields',
      ],
      [
        'f',
        { fields: { id: 'AA01' }, text: 'x' },
        'CML_ERR_INPUT_INVALID',
        'fields: expected "to" as well',
      ],
      [
        'g',
        { fields: { id: 'AA01' }, text: 'x', to: ['mes', 'furnace'] },
        'CML_ERR_INPUT_INVALID',
        'fields: expected links of one entry in "to", found mes, furnace',
      ],
      ['h', { fields: { id: 'AA01' }, text: 'x', to: 'mess' }, 'CML_ERR_LINK_UNKNOWN', 'mess'],
      ['i', { fields: { id: 'AA01' }, text: 'x', to: 'mess/*' }, 'CML_ERR_LINK_UNKNOWN', 'mess'],
      ['j', { fields: { id: 'AA01' }, text: 'x', to: 9 }, 'CML_ERR_LINK_UNKNOWN', '9'],
    ] as const) {
      const error = await errorFor(node, line, id)
      expect(error).toMatchObject({ code })
      expect(error['message']).toContain(message)
    }
    node.send({ fields: { id: 'AA01' }, ...body })
    expect(await peer.received(1)).toEqual([`0045AA01${MADE}L3L2000001        hello`])
  })

  it('says why a telegram without a body is undeliverable', async () => {
    const { node } = await stdioNode(oneEntry)
    node.send({ fields: { id: 'AA01' }, text: '', to: 'mes', id: 'empty' })
    const outcome = await node.eventOf('outcome', { id: 'empty' })
    expect(outcome).toMatchObject({ outcome: 'undeliverable', code: 'codec' })
    expect(outcome['reason']).toBe(
      'codec: the payload has no body, and emptyFrames: reject forbids empty frames',
    )
  })

  it('warns of entries without fields, whose messages have payloads', async () => {
    const server = await TelegramPeer.listen()
    const cwd = testFolder({
      '.commlooprc': { links: [entry('plain', server.port)] },
    })
    const node = CliProcess.start(['run', '--stdio', '--fields', '--text'], { cwd })
    const { msg } = await node.log(({ msg: text }) => text.startsWith('--fields'))
    expect(msg).toContain('do not have fields, so their messages have payloads: plain (len16)')
    await node.eventOf('link', { state: 'up' })
    server.write('\x00\x01x')
    expect(await node.eventOf('message')).toMatchObject({ payload: 'x' })
  })

  it('counts for each entry by itself, and for all links of an entry together', async () => {
    const links = [
      { id: 'cell', role: 'passive', ip: '127.0.0.1', slots: 2 },
      { id: 'other', role: 'passive', ip: '127.0.0.2' },
    ]
    const listen = { host: '0.0.0.0', port: 0 }
    const plant = { codec: { use: 'telegram-40', fields: { sender: 'A', receiver: 'B' } } }
    const cwd = testFolder({ '.commlooprc': { ...plant, listen, links } })
    const node = CliProcess.start(['run', '--stdio', '--keep-open'], { cwd })
    const { listen: place } = (await node.eventOf('ready')) as unknown as {
      listen: { port: number }
    }
    const dial = (id: string, more: object = {}): CliProcess => {
      const config = { ...plant, links: [entry(id, place.port, more)] }
      const folder = testFolder({ '.commlooprc': config })
      return CliProcess.start(['run', '--stdio', '--fields', '--keep-open'], { cwd: folder })
    }
    const [one, two, three] = [dial('one'), dial('two'), dial('three', { bind: '127.0.0.2' })]
    for (const link of ['cell/1', 'cell/2', 'other'])
      await node.eventOf('link', { link, state: 'up' })
    for (const to of ['cell/1', 'cell/2', 'other', 'cell/1', 'other', 'cell/*']) {
      node.send({ fields: { id: 'AA01' }, text: to, to })
    }
    await until(() => numbersOf(one).length + numbersOf(two).length === 5)
    await until(() => numbersOf(three).length === 2)
    const cells = [numbersOf(one), numbersOf(two)]
    expect(cells.sort((left, right) => right.length - left.length)).toEqual([
      [1, 3, 4],
      [2, 4],
    ])
    expect(numbersOf(three)).toEqual([1, 2])
  })

  it('continues to count after a reload, with the new constants', async () => {
    const { node, peer, cwd } = await stdioNode(oneEntry)
    node.send({ fields: { id: 'AA01' }, text: 'a', to: 'mes' })
    await peer.received(1)
    const codec = { use: 'telegram-40', fields: { sender: 'L9', receiver: 'L2' } }
    writeFileSync(
      join(cwd, '.commlooprc'),
      JSON.stringify({ codec, links: [entry('mes', peer.port)] }),
    )
    expect((await runCli(['reload'], { cwd })).code).toBe(0)
    await node.eventOf('link', { state: 'up', epoch: 2 })
    node.send({ fields: { id: 'AA01' }, text: 'b', to: 'mes' })
    expect(await peer.received(2)).toEqual([
      `0041AA01${MADE}L3L2000001        a`,
      `0041AA01${MADE}L9L2000002        b`,
    ])
  })
})

async function until(condition: () => boolean): Promise<void> {
  await vi.waitFor(() => {
    expect(condition()).toBe(true)
  }, DEADLINE_MS)
}

/** The sequence numbers of the telegrams that a node has received. */
function numbersOf(node: CliProcess): number[] {
  return node.events
    .filter(({ type }) => type === 'message')
    .map(({ fields }) => (fields as { sequence: number }).sequence)
}

async function controlled(): Promise<{ node: ControlNode; peer: TelegramPeer }> {
  const peer = await TelegramPeer.listen()
  const listen = { host: '127.0.0.1', port: 0 }
  const plain = { id: 'plain', role: 'passive', ip: '127.0.0.1', codec: 'len16' }
  const links = [entry('mes', peer.port), plain]
  const node = await ControlNode.start({ codec: CODEC, listen, links })
  await node.until<LinkStatus>('/v1/links/mes', ({ state }) => state === 'up')
  return { node, peer }
}

describe('commloop send --field', () => {
  it('sends a telegram, whose body is the text', async () => {
    const { node, peer } = await controlled()
    const args = ['--field', 'id=AA01', '--field', 'spare=a=b', '--to', 'mes']
    const { code, stdout } = await runCli(['send', 'hello', ...args], { cwd: node.folder })
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'written to mes\n' })
    expect(await peer.received(1)).toEqual([`0045AA01${MADE}L3L2000001a=b     hello`])
  })

  it.each([
    [['hello', '--field', 'id=AA0', '--to', 'mes'], 1, 'id (bytes 4 to 7): expected 4 printable'],
    [
      ['hello', '--field', 'sequence=x', '--field', 'id=AA01', '--to', 'mes'],
      1,
      'sequence (bytes 26 to 31)',
    ],
    [
      ['hello', '--field', 'id=AA01', '--to', 'plain'],
      1,
      'the codec len16 of "plain" does not have fields',
    ],
    [['hello', '--field', 'id=AA01'], 1, 'expected "to" as well'],
    [['hello', '--field', 'id=AA01', '--to', 'mess'], 1, 'Did you mean "mes"?'],
    [
      ['', '--field', 'id=AA01', '--to', 'mes'],
      1,
      'codec: the payload has no body, and emptyFrames: reject',
    ],
    [['hello', '--field', 'id', '--to', 'mes'], 2, '--field: expected name=value, found "id"'],
    [['hello', '--field', '=x', '--to', 'mes'], 2, '--field: expected name=value, found "=x"'],
    [['hello', '--field', 'id=a', '--field', 'id=b'], 2, '--field: "id" is given twice'],
  ])('with %j exits with %i: %s', async (args, code, problem) => {
    const { node } = await controlled()
    const sent = await runCli(['send', ...args], { cwd: node.folder })
    expect(sent.stderr).toContain(problem)
    expect({ code: sent.code, stdout: sent.stdout }).toEqual({ code, stdout: '' })
  })
})

describe('the control API', () => {
  it('refuses wrong fields with 400 and the field', async () => {
    const { node } = await controlled()
    const body = { fields: { id: 'AA01', sender: 'LLL' }, text: 'x', to: 'mes' }
    const { status, json } = await node.ask('POST', '/v1/send', body)
    expect(status).toBe(400)
    expect(json).toMatchObject({ error: { code: 'CML_ERR_PAYLOAD_INVALID' } })
    expect(JSON.stringify(json)).toContain('sender (bytes 22 to 23)')
  })

  it('streams messages of both directions by their fields', async () => {
    const { node, peer } = await controlled()
    const client = node.events('?types=message&payload=fields')
    await client.until(({ text }) => text.includes('event: ready'))
    const body = { fields: { id: 'AA01' }, text: 'hello', to: 'mes' }
    expect((await node.ask('POST', '/v1/send', body)).json).toMatchObject({ written: true })
    peer.write('0042TEST20250929101112L2L3114514        \xff\xfe')
    await client.until(({ events }) => events.length === 3)
    expect(client.events.slice(1)).toMatchObject([
      { direction: 'sent', bytes: 45, fields: { id: 'AA01', sequence: 1 }, body: 'hello' },
      { direction: 'received', bytes: 42, fields: { id: 'TEST' }, bodyBase64: '//4=' },
    ])
    expect(client.text).not.toContain('"length"')
    expect(client.text).not.toContain('"base64"')
  })

  it('names the values that the parameter may have', async () => {
    const { node } = await controlled()
    const { status, json } = await node.ask('GET', '/v1/events?payload=field')
    expect(status).toBe(400)
    expect(JSON.stringify(json)).toContain('payload: expected none, base64 or fields')
  })
})

describe('commloop tail', () => {
  it('shows fields and body, and with --json the payload unless it is asked for fields', async () => {
    const { node, peer } = await controlled()
    const follow = async (...args: string[]): Promise<CliProcess> => {
      const tail = CliProcess.start(['tail', 'mes', ...args], { cwd: node.folder })
      if (!args.includes('--json')) await until(() => tail.stderrLines.length > 0)
      return tail
    }
    const shown = await follow()
    const hex = await follow('--hex')
    const json = await follow('--json')
    const fields = await follow('--json', '--fields')
    const tails = [shown, hex, json, fields]
    // The last two do not say when they have begun.
    const telegram = '0045TEST20250929101112L2X 114514        hello'
    const repeat = setInterval(() => {
      peer.write(telegram)
    }, 50)
    await Promise.all(tails.map((tail) => until(() => tail.stdoutLines.length > 0)))
    clearInterval(repeat)
    expect(shown.stdoutLines[0]).toMatch(
      /^\S+ ← mes#1 45 B {2}id=TEST date=20250929 time=101112 sender=L2 receiver=X sequence=114514 {2}hello$/,
    )
    expect(hex.stdoutLines[0]).toMatch(/← mes#1 45 B$/)
    expect(JSON.parse(json.stdoutLines[0] ?? '')).toMatchObject({
      base64: Buffer.from(telegram).toString('base64'),
    })
    expect(JSON.parse(fields.stdoutLines[0] ?? '')).toMatchObject({
      fields: { id: 'TEST', receiver: 'X' },
      body: 'hello',
    })
  })

  it('shows a header that it cannot read as it came, with the reason', async () => {
    const { node, peer } = await controlled()
    const tail = CliProcess.start(['tail'], { cwd: node.folder })
    await until(() => tail.stderrLines.length > 0)
    peer.write('0041\x1b[2J20250929101112L2L3000001        x')
    await until(() => tail.stdoutLines.length > 0)
    expect(tail.stdoutLines[0]).toContain(
      '(id (bytes 4 to 7): expected printable ASCII characters, found the bytes 1b 5b 32 4a)',
    )
    expect(tail.stdoutLines.join('')).not.toContain('\x1b')
  })
})

describe('a configuration with fields', () => {
  it('is rejected by check at the field, with the reason', async () => {
    const cwd = testFolder()
    writeFileSync(
      join(cwd, '.commlooprc'),
      [
        'codec:',
        '  use: telegram-40',
        '  fields: { sender: L33, sendr: L2 }',
        'links:',
        '  - id: mes',
        '    role: active',
        '    ip: 127.0.0.1',
        '    port: 1',
        '    codec:',
        '      use: telegram-40',
        '      fields:',
        '        - { name: length, bytes: 4 }',
        '        - { name: id, bytes: 6, type: txt }',
        '        - { name: datetime, bytes: 13 }',
        '',
      ].join('\n'),
    )
    const { code, stderr } = await runCli(['check'], { cwd })
    expect(code).toBe(2)
    expect(stderr).toContain('.commlooprc:3:21   codec.fields.sender: expected up to 2 printable')
    expect(stderr).toContain('.commlooprc:3:26   codec.fields.sendr: unknown option. Did you mean')
    expect(stderr).toContain('.commlooprc:13:39  links[0].codec.fields[1].type: expected one of')
    expect(stderr).toContain('.commlooprc:14:36  links[0].codec.fields[2].bytes: expected 14')
  })

  it('is mirrored with the constants of the peer', async () => {
    const cwd = testFolder({ '.commlooprc': oneEntry(8001) })
    const { stdout } = await runCli(['mirror'], { cwd })
    expect(stdout).toContain('codec: { use: telegram-40, fields: { receiver: L3, sender: L2 } }')
  })

  it('has fields that "commloop codecs" lists', async () => {
    const { stdout } = await runCli(['codecs', 'telegram-40'])
    expect(stdout).toMatch(
      /Fields\n {2}bytes +field +type +meaning\n {2}0–3 +length +length +bytes of/,
    )
    expect(stdout).toMatch(/ {2}26–31 +sequence +sequence +000001 to 999999/)
  })
})
