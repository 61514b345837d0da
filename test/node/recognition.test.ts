import '@commloop/codec-delimited'
import '@commloop/codec-length-field'
import { DelimitedCodec } from '@commloop/codec-delimited'
import { Len16Codec } from '@commloop/codec-len16'
import { LengthFieldCodec, lengthFieldDefinition } from '@commloop/codec-length-field'
import type { FrameCodec, PluginDefinition } from '@commloop/core'
import {
  bestGuesses,
  framing,
  type Framing,
  framingDefinition,
  FRAMINGS,
  framingsOf,
  hexBytes,
} from '@commloop/framings'
import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from './test-node.js'

/** Empty frames are rejected, because zeros at the beginning of a longer length look like them. */
const LEN16 = new Len16Codec({ emptyFrames: 'reject' })

/** The reason of a link whose peer has sent these bytes and then nothing; undefined: they were frames. */
async function reasonAfter(bytes: Uint8Array, value: FrameCodec): Promise<string | undefined> {
  const bench = TestNode.started({ links: [{ ...PEER, codec: { spec: 'own', value } }] })
  bench.transport.lastDial.open().receiveBytes(bytes)
  bench.clock.advance(10_000)
  const reason = bench.states.find((state) => state.startsWith('peer backoff'))
  await bench.stopped()
  return reason
}

/** The samples of a framing, twice: a single frame may prove too little. */
function streamOf({ samples }: Framing): Uint8Array {
  const once = samples.map(({ frame }) => hexBytes(frame) ?? Uint8Array.of())
  return Buffer.concat([...once, ...once])
}

/** Their frames are also frames of len16, so that its link delivers messages. */
const SAME_AS_LEN16 = ['jpos-nac', 'jpos-post', 'jpos-bcd', 'jpos-ncc', 'jpos-base24-tcp']
/** A length of one byte fits almost everything. */
const TOO_WEAK = ['len8']

describe('a link with len16 whose peer speaks another framing', () => {
  const others = FRAMINGS.filter(({ name }) => ![...SAME_AS_LEN16, ...TOO_WEAK].includes(name))

  it.each(others)('names $name, or says what it cannot be told from', async (each) => {
    const reason = (await reasonAfter(streamOf(each), LEN16)) ?? ''
    expect(reason).toMatch(/look like [^:]+: set codec: /)
    const [, names = ''] = /look like ([^:]+):/.exec(reason) ?? []
    expect(names.split(/, or |, /)).toContain(each.name)
  })

  it.each(SAME_AS_LEN16)('delivers the frames of %s, which are its own', async (name) => {
    const found = framing(name)
    expect(found && (await reasonAfter(streamOf(found), LEN16))).toBeUndefined()
  })

  it.each(TOO_WEAK)('does not name %s', async (name) => {
    const found = framing(name)
    expect(found && (await reasonAfter(streamOf(found), LEN16))).not.toContain('look like')
  })

  it('gives the line for the configuration', async () => {
    const [sample] = framing('telegram-40')?.samples ?? []
    expect(await reasonAfter(hexBytes(sample?.frame) ?? Uint8Array.of(), LEN16)).toContain(
      'the peer\'s first bytes ("0045TEST20250929") look like telegram-40: set codec: telegram-40',
    )
  })

  it('says which framings it cannot distinguish, with a line for each', async () => {
    expect(await reasonAfter(Buffer.from('0050' + 'x'.repeat(46)), LEN16)).toMatch(
      /look like telegram-40, or decimal-4 that counts itself: set codec: telegram-40, or set codec: \{ use: length-field, length: \{ encoding: decimal, bytes: 4 \}, counts: frame \}\)$/,
    )
  })

  it('names the first message of a framing although its end has not arrived', async () => {
    const telegram = Buffer.from(`2400TEST20250929101112L3L2114514        ${'x'.repeat(1500)}`)
    expect(await reasonAfter(telegram, LEN16)).toContain('look like telegram-40: ')
  })
})

describe('a codec of the right family with a wrong option', () => {
  it.each<readonly [string, FrameCodec, string, string]>([
    [
      'byte order',
      new LengthFieldCodec({ length: 4 }),
      '03000000 616263 02000000 6162',
      'look like len32-le: set length.byteOrder: little in "codec"',
    ],
    [
      'meaning of the length',
      new LengthFieldCodec({ length: 4 }),
      '00000007 616263 00000006 6162',
      'look like len32-inclusive: set counts: frame in "codec"',
    ],
    [
      'size of the length',
      new LengthFieldCodec({ length: 3 }),
      '00000003 616263 00000002 6162',
      'set length.bytes: 4 in "codec"',
    ],
    [
      'meaning of the length behind a constant',
      new LengthFieldCodec({ length: { bytes: 2, offset: 2 }, magic: { hex: 'aa55' } }),
      'aa55 0007 616263 aa55 0006 6162',
      'look like length-field with counts: frame: set counts: frame in "codec"',
    ],
    [
      'end',
      new DelimitedCodec({ start: { hex: '02' }, end: { hex: '0d' } }),
      '02 616263 03 02 6162 03',
      'look like stx-etx: set end: { hex: "03" } in "codec"',
    ],
  ])('is told which: %s', async (_, codec, hex, expected) => {
    expect(await reasonAfter(hexBytes(hex) ?? Uint8Array.of(), codec)).toContain(expected)
  })

  it('that has a name is told another name', async () => {
    const len32 = framingDefinition(framing('len32') as Framing, lengthFieldDefinition)
    const bytes = hexBytes('03000000 616263 02000000 6162') ?? Uint8Array.of()
    expect(await reasonAfter(bytes, len32.create({}))).toContain(
      'look like len32-le: set codec: len32-le)',
    )
  })

  it.each(FRAMINGS.filter(({ codec }) => codec === 'length-field'))(
    '$name says nothing about its own frames, even if the last one is cut off',
    async (each) => {
      const plugin: PluginDefinition<'codec'> = framingDefinition(each, lengthFieldDefinition)
      const bytes = streamOf(each)
      const reason = await reasonAfter(bytes.subarray(0, -1), plugin.create({}))
      expect(reason ?? '').not.toContain('look like')
    },
  )
})

/** Small pseudo-random numbers, the same in every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return state >>> 16
  }
}

function guessed(bytes: Uint8Array): readonly string[] {
  return bestGuesses(framingsOf(bytes)).map(({ name }) => name)
}

describe('recognition', () => {
  it('takes at most 1 % of random streams for a framing', () => {
    const random = seeded(20_261_201)
    const rounds = 3_000
    let wrong = 0
    for (let round = 0; round < rounds; round++) {
      const size = 1 + (random() % (round % 2 === 0 ? 32 : 400))
      const bytes = Uint8Array.from({ length: size }, () => random() & 0xff)
      if (guessed(bytes).length > 0) wrong++
    }
    expect(wrong).toBeLessThanOrEqual(rounds / 100)
  })

  it.each<readonly [string, string]>([
    ['the banner of SSH', 'SSH-2.0-OpenSSH_9.2p1\r\n'],
    ['the greeting of SMTP', '220 mail.example ESMTP ready\r\n'],
    ['commands of Redis', '*2\r\n$3\r\nGET\r\n$1\r\nx\r\n'],
    ['an answer of memcached', 'VERSION 1.6.18\r\n'],
    ['the greeting of FTP', '220-Welcome\r\n220 ready\r\n'],
  ])('takes %s for lines, which it is', (_, text) => {
    expect(guessed(Buffer.from(text, 'latin1'))).toEqual(['crlf'])
  })

  it('passes over bytes that may stand before a frame', () => {
    const wakeUp = hexBytes('fefefefe 68 aaaaaaaaaaaa 68 13 00 df 16') ?? Uint8Array.of()
    expect(guessed(wakeUp)).toEqual(['dlt645'])
  })

  it('names a framing that has no name of its own', () => {
    const request = Buffer.from('002cgit-upload-pack /p.git\0host=example.org\0')
    expect(guessed(request)).toEqual(['hex-4 that counts itself'])
  })

  it.each<readonly [string, Uint8Array]>([
    ['JSON', Buffer.from('{"type":"hello","body":[1,2,3]}')],
    ['XML', Buffer.from('<?xml version="1.0"?><a><b/></a>')],
    ['a date', Buffer.from('20250929101112 furnace 3 is up')],
    ['words', Buffer.from('hello, this is a terminal')],
    ['CONNECT of MQTT', Buffer.from('100c00044d5154540402003c0000', 'hex')],
    ['a version negotiation of SOCKS', Buffer.from('050100', 'hex')],
    ['the preface of AMQP', Buffer.from('414d515000000901', 'hex')],
    ['Telnet options', Buffer.from('fffd18fffd20fffd23fffd27', 'hex')],
    ['bytes that are frames of ASTM by themselves', Uint8Array.of(5, 6, 5, 6, 4)],
    ['zeros', new Uint8Array(64)],
    ['the same byte', new Uint8Array(64).fill(0x55)],
    ['nothing', new Uint8Array(0)],
  ])('does not name a framing for %s', (_, bytes) => {
    expect(guessed(bytes)).toEqual([])
  })
})
