// A node in a separate process. It sends back what the listed peer sends.
import { len16Codec } from '@commloop/codec-len16'
import { createNode } from '@commloop/core'
import { tcpTransport } from '@commloop/transport-tcp'

const listen = { host: '127.0.0.1', port: 0 }
const links = [{ id: 'listed', role: 'passive', ip: '127.0.0.2' }]
const node = createNode({ listen, links }, tcpTransport(), len16Codec())
node.on('message', ({ payload, link }) => node.send(payload, { to: link }))
process.on('message', () => process.send(node.counters.rejected))
process.on('disconnect', () => process.exit(0))
await node.start()
process.send(node.listening.port)
