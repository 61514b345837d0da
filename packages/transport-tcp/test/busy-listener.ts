import { Worker } from 'node:worker_threads'
import type { Address } from '@commloop/core'
import { until } from './until.js'

/** Listens with a backlog of one and accepts nothing until `wake`: its thread sleeps. */
const SCRIPT = `
  const { workerData, parentPort } = require('node:worker_threads')
  const server = require('node:net').createServer((socket) => socket.resume().on('error', () => {}))
  server.listen({ host: workerData.ip, port: 0, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port)
    Atomics.wait(workerData.awake, 0, 0, 20000)
  })
`

/** A listener for which the kernel answers until its queue is full. */
export class BusyListener {
  readonly at: Address
  readonly #worker: Worker
  readonly #awake: Int32Array

  private constructor(at: Address, worker: Worker, awake: Int32Array) {
    this.at = at
    this.#worker = worker
    this.#awake = awake
  }

  static async start(ip = '127.0.0.1'): Promise<BusyListener> {
    const awake = new Int32Array(new SharedArrayBuffer(4))
    const worker = new Worker(SCRIPT, { eval: true, workerData: { ip, awake } })
    let port = 0
    worker.on('message', (message: number) => {
      port = message
    })
    await until('busy listener', () => port !== 0)
    return new BusyListener({ ip, port }, worker, awake)
  }

  /** Starts to accept connections. */
  wake(): void {
    Atomics.store(this.#awake, 0, 1)
    Atomics.notify(this.#awake, 0)
  }

  async stop(): Promise<void> {
    this.wake()
    await this.#worker.terminate()
  }
}
