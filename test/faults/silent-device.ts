import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { setTimeout as delay } from 'node:timers/promises'
import { CertificateFolder, type Identity } from '@commloop/test-support/certificates'
import { len16Codec } from '@commloop/codec-len16'
import { createNode } from '@commloop/core'
import { tcpTransport } from '@commloop/transport-tcp'
import { eventually } from '../peer/eventually.js'

export interface SilentDeviceOptions {
  /** Where a node listens with TLS. Its table has both addresses. */
  readonly port: number
  /** What the peer presents and trusts. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string }
  /** How many times the peer connects. */
  readonly dials: number
  /** For how long the device is alone, so that the handshakes are used up. */
  readonly aloneMs: number
}

export interface SilentDeviceFigures {
  /** Dials of the peer whose handshake succeeded. */
  readonly succeeded: number
  /** The longest of these handshakes. */
  readonly msMax: number
  /** Connections that the device has opened. */
  readonly opened: number
}

export const SILENT_ADDRESS = '127.0.0.2'
export const PEER_ADDRESS = '127.0.0.3'
const EVERY_MS = 20

/** A device that opens 50 connections a second and sends nothing, and another listed peer that connects in the meantime. */
export async function silentDevice(options: SilentDeviceOptions): Promise<SilentDeviceFigures> {
  const device = new SilentDevice(options.port)
  try {
    await delay(options.aloneMs)
    let succeeded = 0
    let msMax = 0
    for (let at = 0; at < options.dials; at++) {
      const ms = await handshakeMs(options)
      if (ms !== undefined) {
        succeeded++
        msMax = Math.max(msMax, ms)
      }
    }
    return { succeeded, msMax, opened: device.opened }
  } finally {
    device.stop()
  }
}

/** The same, with a node in this process. */
export async function silentDeviceFigure(
  size: Pick<SilentDeviceOptions, 'dials' | 'aloneMs'>,
): Promise<SilentDeviceFigures> {
  const certificates = new SilentDeviceCertificates()
  const node = createNode(
    {
      listen: { host: '127.0.0.1', port: 0, tls: certificates.node },
      links: [SILENT_ADDRESS, PEER_ADDRESS].map((ip) => ({ id: ip, role: 'passive', ip })),
    },
    tcpTransport(),
    len16Codec(),
  )
  try {
    await node.start()
    const port = node.listening?.port ?? 0
    return await silentDevice({ port, tls: certificates.peer, ...size })
  } finally {
    await node.stop()
    certificates.dispose()
  }
}

class SilentDevice {
  opened = 0
  readonly #sockets = new Set<Socket>()
  readonly #timer: NodeJS.Timeout

  constructor(port: number) {
    this.#timer = setInterval(() => {
      const socket = connect({ host: '127.0.0.1', port, localAddress: SILENT_ADDRESS })
      socket.on('connect', () => this.opened++).on('error', () => undefined)
      socket.on('close', () => this.#sockets.delete(socket)).resume()
      this.#sockets.add(socket)
    }, EVERY_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
    for (const socket of this.#sockets) socket.destroy()
  }
}

/** undefined: the node has refused the connection. */
async function handshakeMs({ port, tls }: SilentDeviceOptions): Promise<number | undefined> {
  const startedMs = performance.now()
  const tcp = connect({ host: '127.0.0.1', port, localAddress: PEER_ADDRESS })
  const socket = connectTls({ ...tls, socket: tcp, host: '127.0.0.1' })
  let isOver = false
  let ms: number | undefined
  const over = (): void => {
    isOver = true
  }
  tcp.on('error', over).on('close', over)
  socket.on('error', over).on('close', over)
  socket.on('secureConnect', () => {
    ms = performance.now() - startedMs
    isOver = true
  })
  await eventually('the end of a handshake', () => isOver)
  socket.destroy()
  tcp.destroy()
  return ms
}

/** A node and a peer of one authority, as options of the configuration and as text. */
export class SilentDeviceCertificates {
  readonly #folder = new CertificateFolder()
  readonly #ca = this.#folder.authority('plant')
  readonly #node: Identity = this.#folder.signed('node', 'plant')
  readonly #peer: Identity = this.#folder.signed('peer', 'plant')

  get node(): Identity & { readonly ca: string } {
    return { ...this.#node, ca: this.#ca }
  }

  get peer(): SilentDeviceOptions['tls'] {
    const { cert, key } = this.#peer
    const text = (file: string): string => this.#folder.text(file)
    return { cert: text(cert), key: text(key), ca: text(this.#ca) }
  }

  dispose(): void {
    this.#folder.dispose()
  }
}
