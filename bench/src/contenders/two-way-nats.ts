import { connect } from '@nats-io/transport-node'
import type { PayloadCycle } from '../traffic/payload-cycle.js'
import type { End, Take, TwoWay } from '../traffic/two-way.js'
import { startNatsServer } from './nats.js'
import { LOOPBACK } from './sockets.js'

export const twoWayNats: TwoWay = {
  name: 'NATS',
  about: 'through nats-server, one subject for each direction',
  async accept(take) {
    const port = await startNatsServer()
    const end = await natsEnd(port, 'there', 'back', take)
    return { port, end: () => end }
  },
  dial: (port, take) => natsEnd(port, 'back', 'there', take),
}

async function natsEnd(port: number, hears: string, says: string, take: Take): Promise<End> {
  const connection = await connect({ servers: `${LOOPBACK}:${String(port)}` })
  connection.subscribe(hears, {
    callback: (_, message) => {
      take(message.data)
    },
  })
  await connection.flush()
  return {
    say: (payload) => {
      connection.publish(says, payload)
    },
    async send(payloads: PayloadCycle, messages: number) {
      for (let left = messages; left > 0; left--) connection.publish(says, payloads.next())
      await connection.flush()
    },
  }
}
