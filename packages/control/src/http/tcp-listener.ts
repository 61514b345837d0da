import type { RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { addressText } from '@commloop/core'
import { closeServer, limitedServer, listening } from './http-server.js'

export interface TcpAddress {
  readonly host: string
  readonly port: number
}

/** Serves requests on a TCP port. */
export class TcpListener {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  /** @throws the error of the operating system if the port cannot be opened, such as EADDRINUSE */
  static async open(
    { host, port }: TcpAddress,
    listener: RequestListener,
    connectionsMax: number,
  ): Promise<TcpListener> {
    const server = limitedServer(listener, connectionsMax, true)
    await listening(server, () => {
      server.listen(port, host)
    })
    return new TcpListener(server)
  }

  /** `http://127.0.0.1:9464`, with the port that the system has chosen if 0 was requested. */
  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo
    return `http://${addressText({ ip: address, port })}`
  }

  async close(): Promise<void> {
    await closeServer(this.#server)
  }
}
