import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32c, readProxyHeader } from '../src/proxy-header.js'

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const V4 = Buffer.from('cb0071070a0000019c401f40', 'hex')

function v2(command: number, family: number, body: Buffer): Buffer {
  const head = Buffer.from([command, family, body.length >> 8, body.length & 0xff])
  return Buffer.concat([SIGNATURE, head, body])
}

function withChecksum(): Buffer {
  const header = v2(
    0x21,
    0x11,
    Buffer.concat([V4, Buffer.from('0300040000 0000'.replace(' ', ''), 'hex')]),
  )
  header.writeUInt32BE(crc32c(header), header.length - 4)
  return header
}

describe('a header of the PROXY protocol', () => {
  it.each<[string, Buffer, object]>([
    [
      'version 1',
      Buffer.from('PROXY TCP4 203.0.113.7 10.0.0.1 40000 8000\r\n'),
      { ip: '203.0.113.7', port: 40_000 },
    ],
    [
      'version 1, IPv6',
      Buffer.from('PROXY TCP6 2001:db8::7 ::1 40000 8000\r\n'),
      { ip: '2001:db8::7', port: 40_000 },
    ],
    ['version 2', v2(0x21, 0x11, V4), { ip: '203.0.113.7', port: 40_000 }],
    [
      'version 2, IPv6',
      v2(
        0x21,
        0x21,
        Buffer.concat([
          Buffer.from('20010db8000000000000000000000007', 'hex'),
          Buffer.alloc(16),
          V4.subarray(8),
        ]),
      ),
      { ip: '2001:db8:0:0:0:0:0:7', port: 40_000 },
    ],
    [
      'an unknown TLV',
      v2(0x21, 0x11, Buffer.concat([V4, Buffer.from('ea0002abcd', 'hex')])),
      { ip: '203.0.113.7', port: 40_000 },
    ],
    ['a checksum', withChecksum(), { ip: '203.0.113.7', port: 40_000 }],
  ])('names the peer: %s', (_name, header, source) => {
    const stream = Buffer.concat([header, Buffer.from('rest')])
    expect(readProxyHeader(stream)).toEqual({ kind: 'header', bytes: header.length, source })
    for (let end = 0; end < header.length; end++) {
      expect(readProxyHeader(stream.subarray(0, end)).kind, String(end)).toBe('partial')
    }
  })

  it.each([
    ['UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n')],
    ['UNKNOWN with text', Buffer.from('PROXY UNKNOWN ::1 ::1 1 2\r\n')],
    ['LOCAL', v2(0x20, 0x00, Buffer.alloc(0))],
    ['a Unix socket', v2(0x21, 0x31, Buffer.alloc(216))],
  ])('may come from the balancer itself: %s', (_name, header) => {
    expect(readProxyHeader(header)).toEqual({
      kind: 'header',
      bytes: header.length,
      source: undefined,
    })
  })

  it.each([
    ['no header', Buffer.from([0, 3, 0x61])],
    ['no header', Buffer.from('GET / HTTP/1.1\r\n')],
    ['header too long', Buffer.from(`PROXY TCP4 ${' '.repeat(200)}`)],
    ['malformed header', Buffer.from('PROXY TCP4 203.0.113.7 10.0.0.1 040 8000\r\n')],
    ['malformed header', Buffer.from('PROXY TCP4 203.0.113.7 10.0.0.1 70000 8000\r\n')],
    ['malformed header', Buffer.from('PROXY TCP4 ::1 ::1 1 2\r\n')],
    ['malformed header', Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n')],
    ['malformed header', v2(0x31, 0x11, V4)],
    ['malformed header', v2(0x22, 0x11, V4)],
    ['malformed header', v2(0x21, 0x11, V4.subarray(1))],
    ['malformed header', v2(0x21, 0x11, Buffer.concat([V4, Buffer.from('ea00ff', 'hex')]))],
    ['malformed header', v2(0x21, 0x11, Buffer.concat([V4, Buffer.from('03000401020304', 'hex')]))],
    ['header too long', v2(0x21, 0x11, Buffer.alloc(5_000))],
  ])('is invalid: %s', (problem, header) => {
    expect(readProxyHeader(header)).toEqual({ kind: 'invalid', problem })
  })

  it('never throws, and never reads beyond what it has', () => {
    const bytes = fc.uint8Array({ maxLength: 300 })
    const start = fc.constantFrom(
      Buffer.alloc(0),
      SIGNATURE,
      Buffer.from('PROXY '),
      v2(0x21, 0x11, V4).subarray(0, 14),
    )
    fc.assert(
      fc.property(start, bytes, (head, rest) => {
        const stream = Buffer.concat([head, rest])
        const header = readProxyHeader(stream)
        if (header.kind === 'header') expect(header.bytes).toBeLessThanOrEqual(stream.length)
        if (header.kind === 'partial') expect(stream.length).toBeLessThan(4_096)
      }),
      { numRuns: 5_000 },
    )
  })

  it('has the checksum of the Castagnoli polynomial', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe306_9283)
  })
})
