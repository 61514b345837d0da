import { describe, expect, it } from 'vitest'
import { endCliProcessesAfterEach, runCli } from '@commloop/test-support/cli-process'
import { freePort } from '@commloop/test-support/free-port'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()

/** A codec that is not part of commloop. It puts two bytes of length before each payload, in a byte order of its choice. */
const CODEC = `
class Decoder {
  bytes = Buffer.alloc(0)
  constructor(little) { this.little = little }
  push(chunk) { this.bytes = Buffer.concat([this.bytes, chunk]) }
  next() {
    if (this.bytes.length < 2) return undefined
    const length = this.little ? this.bytes.readUInt16LE() : this.bytes.readUInt16BE()
    if (this.bytes.length < 2 + length) return undefined
    const payload = this.bytes.subarray(2, 2 + length)
    this.bytes = this.bytes.subarray(2 + length)
    return payload
  }
  get midFrame() { return this.bytes.length > 0 }
  end() {}
}

function codecOf({ order = 'big', limit = 100 }) {
  const little = order === 'little'
  return {
    payloadBytesMax: limit,
    header: undefined,
    frameBytesMax: (bytes) => 2 + bytes,
    encode(payload, into, at) {
      const view = new DataView(into.buffer, into.byteOffset)
      view.setUint16(at, payload.length, little)
      into.set(payload, at + 2)
      return at + 2 + payload.length
    },
    createDecoder: () => new Decoder(little),
  }
}

export default {
  kind: 'codec',
  name: 'own',
  apiVersion: 1,
  create: codecOf,
  check: ({ order, limit }, { path }) => ({
    problems: order === 'middle' ? [{ path: [...path, 'order'], message: 'expected big or little' }] : [],
    warnings: limit > 1000 ? [{ path: [...path, 'limit'], message: 'old devices take 1000 bytes' }] : [],
  }),
  compare(dialer, acceptor) {
    const [one = 'big', other = 'big'] = [dialer.options.order, acceptor.options.order]
    if (one === other) return []
    const message = \`\${dialer.node} writes \${one}, and \${acceptor.node} reads \${other}\`
    return [{ finding: 'order-differs', message }]
  },
  descriptors: () => 5,
}
`

const NORTH = '127.0.0.1'
const SOUTH = '127.0.0.2'

function folder(northCodec: object, southCodec: object, port = 8000): string {
  return testFolder({
    'own.mjs': CODEC,
    '.commlooprc': {
      node: 'north',
      listen: { host: NORTH, port },
      codec: { use: './own.mjs', ...northCodec },
      links: [{ id: 'south-in', role: 'passive', ip: SOUTH }],
    },
    'south/.commlooprc': {
      node: 'south',
      codec: { use: '../codecs/own.mjs', ...southCodec },
      links: [{ id: 'north-out', role: 'active', ip: NORTH, port }],
    },
  })
}

async function compared(cwd: string): Promise<{ code: number | null; findings: unknown }> {
  const args = ['check', '--json', '--with', 'south/.commlooprc', '--at', NORTH, '--peer-at', SOUTH]
  const { code, stdout } = await runCli(args, { cwd })
  return { code, findings: (JSON.parse(stdout) as { findings: unknown }).findings }
}

describe('a codec that is not part of commloop', () => {
  it('reports its own problems in check, at the line of the option', async () => {
    const { code, stderr } = await runCli(['check'], { cwd: folder({ order: 'middle' }, {}) })
    expect(stderr).toMatch(/\.commlooprc:\d+:\d+ +codec\.order: expected big or little/)
    expect(code).toBe(2)
  })

  it('adds warnings and descriptors to what check prints', async () => {
    const cwd = folder({ limit: 2000 }, {})
    const { code, stdout } = await runCli(['check', '--json'], { cwd })
    const explained = JSON.parse(stdout) as {
      readonly warnings: readonly string[]
      readonly descriptors: { readonly max: number }
    }
    expect(code).toBe(0)
    expect(explained.warnings).toContain('codec.limit: old devices take 1000 bytes')
    // A link and its challenger, 64 handshakes of tcp, 5 of the codec, 32 reserved.
    expect(explained.descriptors.max).toBe(2 + 64 + 5 + 32)
  })

  it('compares its options in check --with, in whatever folder the peer has it', async () => {
    expect(await compared(folder({}, { order: 'big' }))).toEqual({ code: 0, findings: [] })
    expect(await compared(folder({}, { order: 'little' }))).toMatchObject({
      code: 4,
      findings: [{ finding: 'order-differs', message: 'south writes little, and north reads big' }],
    })
  })

  it('is named in the table for a peer, because the peer must install it', async () => {
    const { stdout } = await runCli(['mirror'], { cwd: folder({ order: 'little' }, {}) })
    expect(stdout).toContain('# the codec ./own.mjs is not built in: install or copy it')
    expect(stdout).toContain('codec: { use: ./own.mjs, order: little }')
  })

  it('can be tested with the fault peer if its frames have two bytes of length', async () => {
    const cwd = folder({ order: 'little' }, {}, await freePort())
    const { stderr } = await runCli(['fault-peer', 'reset'], { cwd })
    // The node does not run, so the script fails, but it was played.
    expect(stderr).toBe('')
  })
})

describe('a peer with options that the codec of this node rejects', () => {
  it('is reported as a finding', async () => {
    const tables = (codec: object): Record<string, unknown> => ({
      '.commlooprc': {
        node: 'north',
        listen: { port: 8000 },
        links: [{ role: 'passive', ip: SOUTH }],
      },
      'south/.commlooprc': {
        node: 'south',
        codec,
        links: [{ role: 'active', ip: NORTH, port: 8000 }],
      },
    })
    const cwd = testFolder(tables({ use: 'len16', byteOrder: 'middle' }))
    expect(await compared(cwd)).toMatchObject({
      code: 4,
      findings: [
        {
          finding: 'options-invalid',
          message: "south: codec len16: byteOrder: expected 'big' or 'little', found \"middle\"",
        },
      ],
    })
  })
})
