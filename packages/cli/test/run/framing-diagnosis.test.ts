import { describe, expect, it } from 'vitest'
import {
  CliProcess,
  endCliProcessesAfterEach,
  type OutputLine,
} from '@commloop/test-support/cli-process'
import { closePeersAfterEach, FramedPeer, PeerServer } from '@commloop/test-support/framed-peer'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
closePeersAfterEach()
removeTestFoldersAfterEach()

const IMPATIENT = { partialFrame: '300ms', silence: '30s' }

function run(table: object): CliProcess {
  return CliProcess.start(['run', '--stdio', '--keep-open'], {
    cwd: testFolder({ '.commlooprc': { ...IMPATIENT, ...table } }),
  })
}

/** A node with one passive entry, and its peer. */
async function peerOf(options: object = {}): Promise<{ node: CliProcess; peer: FramedPeer }> {
  const node = run({
    listen: { host: '127.0.0.1', port: 0 },
    links: [{ id: 'furnace', role: 'passive', ip: '127.0.0.1' }],
    ...options,
  })
  const { listen } = await node.eventOf('ready')
  return { node, peer: await FramedPeer.connect((listen as { readonly port: number }).port) }
}

function lost(node: CliProcess): Promise<OutputLine> {
  return node.event(({ state, reason }) => state === 'awaiting' && typeof reason === 'string')
}

describe('the reason of a closed connection names the framing that the peer seems to use', () => {
  it('after a frame that never ends', async () => {
    const { node, peer } = await peerOf()
    peer.sendRaw(Buffer.from('\u0003\u0000abc'))
    expect((await lost(node)).reason).toBe(
      "partial frame; the peer's first bytes (03 00 61 62 63) look like a length of two bytes, " +
        'little endian: set byteOrder: little in "codec"',
    )
  })

  it('after single bytes, and after frames that seemed complete', async () => {
    const { node, peer } = await peerOf()
    for (const byte of Buffer.from('0005616263000564656600056768', 'hex')) {
      peer.sendRaw(Uint8Array.of(byte))
    }
    const { reason } = await lost(node)
    expect(reason).toMatch(/^partial frame; .*: set lengthIncludesHeader: true in "codec"$/)
    expect(node.events.filter(({ type }) => type === 'message')).toHaveLength(1)
  })

  it('after a length above the limit', async () => {
    const { node, peer } = await peerOf({ codec: { use: 'len16', maxPayload: 1000 } })
    peer.sendRaw(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    expect((await lost(node)).reason).toMatch(
      /^protocol error: length 18245 .* above the limit of 1000; .* look like an HTTP request: /,
    )
  })

  it('after the peer closes within a supposed frame', async () => {
    const { node, peer } = await peerOf()
    peer.sendRaw(Buffer.from('0005hello'))
    peer.end()
    expect((await lost(node)).reason).toMatch(
      /^the stream ended 9 bytes into a frame.*; .* look like decimal-4, or hex-4: set codec: decimal-4, or set codec: hex-4$/,
    )
  })

  it('on an active link, and after a silence timeout', async () => {
    const server = await PeerServer.listen()
    const node = run({
      partialFrame: '0ms',
      silence: '300ms',
      links: [{ id: 'plc', role: 'active', ip: '127.0.0.1', port: server.port }],
    })
    const peer = await server.accepted()
    peer.sendRaw(Buffer.from('0300000b06e00000000000', 'hex'))
    const { reason } = await node.event(
      (event) => event['state'] === 'backoff' && typeof event['reason'] === 'string',
    )
    expect(reason).toMatch(/^silence; .* look like tpkt: set codec: tpkt$/)
  })
})

describe('the reason has no diagnosis', () => {
  it('after frames that were certainly valid', async () => {
    const { node, peer } = await peerOf()
    // Together these bytes are two frames with a length that includes the header.
    peer.send('abc\u0000\u0004')
    await node.eventOf('message')
    peer.sendRaw(Buffer.from('xy'))
    expect((await lost(node)).reason).toBe('partial frame')
  })

  it('for a frame that is cut off, as by a crash of the peer', async () => {
    const { node, peer } = await peerOf()
    peer.sendRaw(Buffer.from('00050001', 'hex'))
    peer.end()
    expect((await lost(node)).reason).toBe(
      'the stream ended 4 bytes into a frame, within its payload of 5',
    )
  })

  it('if the diagnosis of the codec throws or is not a string', async () => {
    const codec = `
      const decoder = {
        push() {}, next() { throw new Error('not mine') }, midFrame: true, end() {},
        diagnosis(opening) { if (opening[0] === 1) throw new Error('oops'); return 7 },
      }
      export default { kind: 'codec', name: 'odd', apiVersion: 1, create: () => ({
        payloadBytesMax: 10, header: undefined, frameBytesMax: () => 10, encode: (p, i, at) => at,
        createDecoder: () => decoder,
      }) }`
    const folder = testFolder({
      'odd.mjs': codec,
      '.commlooprc': {
        listen: { host: '127.0.0.1', port: 0 },
        codec: './odd.mjs',
        links: [{ id: 'furnace', role: 'passive', ip: '127.0.0.1', slots: 2 }],
      },
    })
    const node = CliProcess.start(['run', '--stdio', '--keep-open'], { cwd: folder })
    const { port } = (await node.eventOf('ready'))['listen'] as { readonly port: number }
    for (const byte of [1, 2]) {
      const peer = await FramedPeer.connect(port)
      peer.sendRaw(Uint8Array.of(byte))
      await peer.until(({ hasClosed }) => hasClosed)
    }
    const reasons = (await node.eventsOf('link', 6)).map(({ reason }) => reason)
    expect(reasons.filter((reason) => reason !== undefined)).toEqual([
      'protocol error: not mine',
      'protocol error: not mine',
    ])
  })
})
