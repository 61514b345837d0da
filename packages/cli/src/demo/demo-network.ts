import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { type LinkChange, messageText } from '@commloop/core'
import { Member, type Place } from './member.js'
import { Traffic } from './traffic.js'

/** One address for each node, like machines of a plant: a node identifies a peer by its address. */
const ADDRESSES = { A: '127.0.0.1', B: '127.0.0.2', C: '127.0.0.3' } as const

/** The demo cannot run, because the machine has only one loopback address. */
export class LoopbackMissing extends Error {
  override readonly name = 'LoopbackMissing'
  readonly ip: string

  constructor(ip: string, cause: Error) {
    super(`the address ${ip} is not available on this machine: ${messageText(cause)}`, { cause })
    this.ip = ip
  }
}

export type NetworkListener = (member: Member, change: LinkChange) => void

/**
 * Three nodes on loopback addresses, with this table:
 *
 *     A 127.0.0.1                          B 127.0.0.2
 *       B-in   passive  127.0.0.2      ◀──   A-out  active
 *       B-out  active   127.0.0.2:port ──▶   A-in   passive
 *       C-in   passive  127.0.0.3          C 127.0.0.3
 *       C-out  active   127.0.0.3:port       the same
 */
export class DemoNetwork {
  readonly a: Member
  readonly b: Member
  readonly c: Member
  readonly traffic: Traffic

  private constructor(
    places: Readonly<Record<keyof typeof ADDRESSES, Place>>,
    onLinkChange: NetworkListener,
  ) {
    const listener = {
      linkChanged: onLinkChange,
      received: (member: Member, payload: Uint8Array): void => {
        this.traffic.received(member, payload)
      },
    }
    const peer = (letter: keyof typeof ADDRESSES) =>
      [
        { id: `${letter}-in`, role: 'passive', ip: places[letter].ip },
        { id: `${letter}-out`, role: 'active', ip: places[letter].ip, port: places[letter].port },
      ] as const
    this.a = new Member('A', places.A, [...peer('B'), ...peer('C')], listener)
    this.b = new Member('B', places.B, peer('A'), listener)
    this.c = new Member('C', places.C, peer('A'), listener)
    this.traffic = new Traffic([
      [this.a, this.b],
      [this.b, this.a],
      [this.a, this.c],
      [this.c, this.a],
    ])
  }

  /** @throws LoopbackMissing */
  static async make(onLinkChange: NetworkListener): Promise<DemoNetwork> {
    const [A, B, C] = await Promise.all([
      freePlace(ADDRESSES.A),
      freePlace(ADDRESSES.B),
      freePlace(ADDRESSES.C),
    ])
    return new DemoNetwork({ A, B, C }, onLinkChange)
  }

  get members(): readonly Member[] {
    return [this.a, this.b, this.c]
  }

  /** @throws CommloopError CML_ERR_LISTEN */
  async start(): Promise<void> {
    await Promise.all(this.members.map((member) => member.start()))
  }

  /** Waits until every message has its outcome. @returns false: the deadline came first */
  async settled(deadlineMs: number): Promise<boolean> {
    const nodes = this.members.flatMap(({ node }) => node ?? [])
    const all = await Promise.all(nodes.map((node) => node.settled({ deadlineMs })))
    return all.every(Boolean)
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()))
  }
}

/**
 * Finds a free port at this address. The ports must be known before the nodes start, because the tables name each
 * other's. Dials it once, because an address may exist and not be reachable.
 */
async function freePlace(ip: string): Promise<Place> {
  const server = createServer((socket) => socket.destroy())
  try {
    server.listen(0, ip)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const socket = connect({ port, host: ip, localAddress: ADDRESSES.A })
    await once(socket, 'connect')
    socket.destroy()
    return { ip, port }
  } catch (error) {
    throw new LoopbackMissing(ip, error instanceof Error ? error : new Error(messageText(error)))
  } finally {
    server.close()
  }
}
