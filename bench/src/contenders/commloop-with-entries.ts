import type { EntryOptions } from '@commloop/core'
import { useRouter } from '@commloop/core'
import type { Contender } from '../traffic/contender.js'
import { newNode, NodeSending, startAndWaitForLinks } from './commloop.js'
import { LOOPBACK } from './sockets.js'

const LISTEN = { host: LOOPBACK, port: 0 }
const TO_PEER = { route: () => 'peer' }

/** Like `commloop`, with a router that names the link, in a table of this many entries; only one link is up. */
export function commloopWithEntries(entries: number): Contender {
  const others = Array.from({ length: entries - 1 }, (_, at) => absent(at))
  return {
    name: `commloop, ${String(entries)} entries`,
    about: 'one link between two nodes whose tables have that many entries',
    async receive(sink) {
      const peer: EntryOptions = { id: 'peer', role: 'passive', ip: LOOPBACK }
      const node = newNode({ listen: LISTEN, links: [...others, peer] })
      node.on('message', ({ payload }) => {
        sink.take(payload)
      })
      await node.start()
      return { port: node.listening?.port ?? 0 }
    },
    async send(port) {
      const peer: EntryOptions = { id: 'peer', role: 'active', ip: LOOPBACK, port }
      const node = newNode({ listen: LISTEN, links: [...others, peer] }, useRouter(TO_PEER))
      await startAndWaitForLinks(node, 1)
      return new NodeSending(node)
    },
  }
}

function absent(at: number): EntryOptions {
  const ip = `10.0.${String(at >>> 8)}.${String(at & 0xff)}`
  return { id: `absent-${String(at)}`, role: 'passive', ip }
}
