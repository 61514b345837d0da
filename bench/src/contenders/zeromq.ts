import { Pull, Push } from 'zeromq'
import type { Contender } from '../traffic/contender.js'
import type { Sink } from '../traffic/sink.js'
import { LOOPBACK } from './sockets.js'

export const zeromq: Contender = {
  name: 'zeromq.js',
  about: 'zeromq.js 6.8.0, PUSH and PULL over TCP, one `await send` after another, as in its guide',
  async receive(sink) {
    const pull = new Pull()
    await pull.bind(`tcp://${LOOPBACK}:*`)
    void pullAll(pull, sink)
    return { port: Number(/:(\d+)$/.exec(pull.lastEndpoint ?? '')?.[1]) }
  },
  send(port) {
    const push = new Push()
    push.connect(`tcp://${LOOPBACK}:${String(port)}`)
    return Promise.resolve({
      async send(payloads, messages) {
        for (let left = messages; left > 0; left--) await push.send(payloads.next())
      },
    })
  },
}

async function pullAll(pull: Pull, sink: Sink): Promise<void> {
  for await (const [payload] of pull) if (payload !== undefined) sink.take(payload)
}
