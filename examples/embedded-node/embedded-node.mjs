// embedded-node.mjs
import { len16Codec } from '@commloop/codec-len16'
import { ControlServer } from '@commloop/control'
import { createNode } from '@commloop/core'
import { tcpTransport } from '@commloop/transport-tcp'

const { TOKEN, NODE_PORT = 8020, HTTP_PORT = 9464 } = process.env

const node = createNode(
  {
    node: 'press',
    listen: { host: '127.0.0.1', port: Number(NODE_PORT) },
    links: [{ id: 'sensor', role: 'passive', ip: '127.0.0.1' }],
  },
  tcpTransport(),
  len16Codec(),
)
node.on('message', ({ link, payload }) => console.log(link, Buffer.from(payload).toString()))
await node.start()

const facts = { version: '1.0.0', config: import.meta.filename, startedAt: new Date() }
const control = new ControlServer({ node, facts })
const socket = await control.listenOnSocket('run/control.sock')
const tcp = await control.listenOnTcp({ port: Number(HTTP_PORT), token: TOKEN, serves: 'api' })
console.log(`API at ${socket.path} and ${tcp.url}`)

async function stop() {
  await node.stop()
  await control.close()
}
process.once('SIGINT', stop)
process.once('SIGTERM', stop)
