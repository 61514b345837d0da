import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '@commloop/test-support/free-port'
import type { DebianTool } from './debian-tool.js'
import { ForeignProcess } from './foreign-process.js'

export const NSD: DebianTool = { command: 'nsd', package: 'nsd' }
export const ZONE = 'example.test'
/** `host-0` to `host-199`, each with a different address (RFC 5737). */
export const HOSTS = 200
/** Records of the zone that is there to be transferred. */
export const LARGE_ZONE = 'large.test'
export const LARGE_ZONE_HOSTS = 6_000
/** The name whose answer has some 60 000 bytes. */
export const LARGE_ANSWER = `big.${ZONE}`

const START_TRIES = 5
const READY_MS = 10_000
const POLL_MS = 20

/** The name servers' daemon of NLnet Labs, with two zones, on a port of 127.0.0.1, without root's help. */
export class NsdServer {
  readonly port: number
  readonly #folder: string
  #process: ForeignProcess

  private constructor(port: number, folder: string, process: ForeignProcess) {
    this.port = port
    this.#folder = folder
    this.#process = process
  }

  static async start(): Promise<NsdServer> {
    const folder = await mkdtemp(join(tmpdir(), 'commloop-nsd-'))
    await writeFile(join(folder, `${ZONE}.zone`), zoneText(ZONE, exampleRecords()))
    await writeFile(join(folder, `${LARGE_ZONE}.zone`), zoneText(LARGE_ZONE, largeRecords()))
    for (let tries = 1; ; tries++) {
      // Someone else may take the port between our asking for a free one and nsd's using it.
      const port = await freePort()
      await writeFile(join(folder, 'nsd.conf'), configText(folder, port))
      try {
        return new NsdServer(port, folder, await ready(folder, port))
      } catch (error) {
        if (tries < START_TRIES) continue
        await rm(folder, { recursive: true })
        throw error
      }
    }
  }

  /** Ends it; connections are reset or closed as nsd does it. */
  async stop(): Promise<void> {
    await this.#process.stop()
  }

  /** Starts it again on the same port. */
  async startAgain(): Promise<void> {
    this.#process = await ready(this.#folder, this.port)
  }

  async dispose(): Promise<void> {
    await this.stop()
    await rm(this.#folder, { recursive: true })
  }
}

async function ready(folder: string, port: number): Promise<ForeignProcess> {
  const process = new ForeignProcess('nsd', ['-d', '-c', join(folder, 'nsd.conf')])
  const deadline = performance.now() + READY_MS
  while (!process.hasEnded && performance.now() < deadline) {
    if (await accepts(port)) return process
    await delay(POLL_MS)
  }
  await process.stop()
  throw new Error(`nsd does not listen on port ${String(port)}:\n${process.errors}`)
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => {
      resolve(false)
    })
  })
}

function configText(folder: string, port: number): string {
  const zones = [ZONE, LARGE_ZONE].map(
    (zone) => `zone:\n  name: ${zone}\n  zonefile: ${zone}.zone\n  provide-xfr: 127.0.0.1 NOKEY\n`,
  )
  return `server:
  ip-address: 127.0.0.1@${String(port)}
  do-ip6: no
  server-count: 1
  username: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: ""
  xfrdfile: "${folder}/xfrd.state"
  zonelistfile: "${folder}/zone.list"
  xfrdir: "${folder}"
remote-control:
  control-enable: no
${zones.join('')}`
}

function zoneText(zone: string, records: readonly string[]): string {
  const head = `$ORIGIN ${zone}.\n$TTL 60\n@ SOA ns admin 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n`
  return `${head}${records.join('\n')}\n`
}

function exampleRecords(): string[] {
  const hosts = Array.from({ length: HOSTS }, (_, at) => `host-${String(at)} A ${hostAddress(at)}`)
  const text = 'x'.repeat(250)
  const large = Array.from({ length: 220 }, (_, at) => `big TXT "${String(at)} ${text}"`)
  return [...hosts, ...large]
}

function largeRecords(): string[] {
  return Array.from(
    { length: LARGE_ZONE_HOSTS },
    (_, at) => `host-${String(at)} A ${hostAddress(at % 256)}`,
  )
}

export function hostName(at: number): string {
  return `host-${String(at % HOSTS)}.${ZONE}`
}

export function hostAddress(at: number): string {
  return `192.0.2.${String(at)}`
}
