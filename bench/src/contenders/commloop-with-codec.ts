import delimited from '@commloop/codec-delimited'
import { LengthFieldCodec, lengthFieldDefinition } from '@commloop/codec-length-field'
import { createNode, FrameCodec, type Node, type NodeOptions, use } from '@commloop/core'
import { framing } from '@commloop/framings'
import { tcpTransport } from '@commloop/transport-tcp'
import type { Contender } from '../traffic/contender.js'
import { NodeSending, startAndWaitForLinks } from './commloop.js'
import { LOOPBACK } from './sockets.js'

/** The same bytes as len16, written and read by the general codec. */
const GENERAL = 'length-field, 2 bytes'

/** The names of codecs that are compared with len16, and the least share of its messages per second. */
export const COMPARED_CODECS = [
  { codec: 'len32', share: 0.9 },
  { codec: GENERAL, share: 0.9 },
  { codec: 'decimal-4', share: 0.7 },
  { codec: 'telegram-40', share: 0.7 },
] as const

/** Names of codecs that look for delimiters. The payloads of the benchmark contain none of these. */
export const DELIMITED_CODECS = [
  { codec: 'lines', share: 0.6 },
  { codec: 'mllp', share: 0.6 },
] as const

/** Like `commloop`, with another codec at both ends. */
export function commloopWithCodec(codec: string): Contender {
  const frameCodec = codecOf(codec)
  return {
    name: codecContender(codec),
    about: `one link between two nodes with the codec ${codec}`,
    async receive(sink) {
      const node = newNode(frameCodec, {
        listen: { host: LOOPBACK, port: 0 },
        links: [{ id: 'peer', role: 'passive', ip: LOOPBACK }],
      })
      node.on('message', ({ payload }) => {
        sink.take(payload)
      })
      await node.start()
      return { port: node.listening?.port ?? 0 }
    },
    async send(port) {
      const links = [{ id: 'peer', role: 'active', ip: LOOPBACK, port } as const]
      const node = newNode(frameCodec, { links })
      await startAndWaitForLinks(node, 1)
      return new NodeSending(node)
    },
  }
}

export function codecContender(codec: string): string {
  return `commloop, codec ${codec}`
}

function newNode(codec: FrameCodec, options: NodeOptions): Node {
  return createNode(options, tcpTransport(), use(FrameCodec, codec))
}

function codecOf(name: string): FrameCodec {
  if (name === GENERAL) return new LengthFieldCodec({ length: 2 })
  const found = framing(name)
  if (found === undefined) throw new Error(`no codec "${name}"`)
  if (found.codec === 'delimited') return delimited.create(found.options)
  // The payloads of all contenders are equal, so the header is not part of them.
  return lengthFieldDefinition.create({ ...found.options, keep: 'nothing' })
}
