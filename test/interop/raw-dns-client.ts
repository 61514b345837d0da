import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { framed, FrameSplitter } from './frame-splitter.js'
import { type DnsAnswer, readDnsAnswer } from './dns-wire.js'
import { waitFor } from './wait-for.js'

/** A DNS client that does what real ones do not let a test do: choose ids, not read, end while it waits. */
export class RawDnsClient {
  readonly #socket: Socket
  readonly answers: DnsAnswer[] = []
  readonly #frames = new FrameSplitter()
  #over = false

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => undefined)
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.#over = true
      })
    }
  }

  /** `mute`: it never reads. */
  static async connect(
    port: number,
    options: { readonly mute?: boolean } = {},
  ): Promise<RawDnsClient> {
    // It may still read after it has ended its side.
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    await once(socket, 'connect')
    const client = new RawDnsClient(socket)
    if (options.mute === true) socket.pause()
    else
      socket.on('data', (chunk) => {
        client.#take(chunk)
      })
    return client
  }

  #take(chunk: Buffer): void {
    for (const payload of this.#frames.push(chunk)) this.answers.push(readDnsAnswer(payload))
  }

  /** The other side has ended the connection, in order or not. */
  get over(): boolean {
    return this.#over
  }

  ask(...queries: readonly Uint8Array[]): void {
    for (const query of queries) this.#socket.write(framed(query))
  }

  /** FIN: it asks nothing more, and still reads. */
  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  async answer(): Promise<DnsAnswer> {
    await waitFor(() => this.answers.length > 0)
    const answer = this.answers.shift()
    if (answer === undefined) throw new Error('no answer')
    return answer
  }
}
