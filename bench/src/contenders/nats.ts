import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '@nats-io/transport-node'
import { ForeignProgram } from '../process/foreign-program.js'
import type { Contender } from '../traffic/contender.js'
import { LOOPBACK } from './sockets.js'

const SUBJECT = 'bench'
/** Without it the server disconnects subscribers that are slower than publishers. */
const PENDING_BYTES_MAX = 1024 * 1024 * 1024
/** A publisher waits for the server after this many bytes, because NATS itself has no backpressure. */
const FLUSH_BYTES = 1024 * 1024

export const nats: Contender = {
  name: 'NATS',
  about:
    'nats-server from Debian and @nats-io/transport-node 3.4.0; `publish` to `subscribe`, through the server',
  async receive(sink) {
    const port = await startNatsServer()
    const connection = await connect({ servers: `${LOOPBACK}:${String(port)}` })
    connection.subscribe(SUBJECT, {
      callback: (_, message) => {
        sink.take(message.data)
      },
    })
    await connection.flush()
    return { port }
  },
  async send(port) {
    const connection = await connect({ servers: `${LOOPBACK}:${String(port)}` })
    return {
      async send(payloads, messages) {
        let unflushedBytes = 0
        for (let left = messages; left > 0; left--) {
          const payload = payloads.next()
          connection.publish(SUBJECT, payload)
          unflushedBytes += payload.length
          if (unflushedBytes < FLUSH_BYTES) continue
          unflushedBytes = 0
          await connection.flush()
        }
        await connection.flush()
      },
    }
  },
}

/** Starts a server that ends with this process. @returns its port */
export async function startNatsServer(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'commloop-bench-nats-'))
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true })
  })
  const config = join(folder, 'nats.conf')
  writeFileSync(config, `listen: "${LOOPBACK}:-1"\nmax_pending: ${String(PENDING_BYTES_MAX)}\n`)
  const server = new ForeignProgram('nats-server', ['-c', config])
  const line = await server.line(/Listening for client connections on/)
  return Number(/:(\d+)$/.exec(line)?.[1])
}
