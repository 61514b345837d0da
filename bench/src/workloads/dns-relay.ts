import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { LOOPBACK } from '../contenders/sockets.js'
import { ForeignProgram, programPath } from '../process/foreign-program.js'
import { figure } from '../results/summary.js'
import { Rounds } from '../rounds.js'
import type { Workload } from '../workload.js'

const ROOT = new URL('../../../', import.meta.url)
const COMMLOOP = fileURLToPath(new URL('packages/cli/bin/commloop.js', ROOT))
const CONFIG = fileURLToPath(new URL('examples/dns-relay/.commlooprc', ROOT))
const CLIENTS = 8
const NAMES = 200
const READY_POLL_MS = 20
const DIRECT = 'nsd itself'
const RELAYED = 'through commloop'
const MS_MIN = 1_000

export const dnsRelay: Workload = {
  name: 'dns-relay',
  async run({ plan, progress }) {
    const rounds = new Rounds({ ...plan, repeatsMax: Math.min(plan.repeatsMax, 3) }, progress)
    const result = {
      name: 'dns-relay',
      title: 'The DNS relay',
      about:
        '`dnsperf` over TCP with 8 clients: once directly against `nsd`, once through `examples/dns-relay`, run by the ' +
        'command line with its router in JavaScript. Three processes share the CPUs in the first case, four in the second.',
      baseline: DIRECT,
      targets: [],
    }
    const missing = ['nsd', 'dnsperf'].filter((name) => programPath(name) === undefined)
    if (missing.length > 0) {
      const notes = [`not measured: ${missing.join(' and ')} not installed`]
      return { ...result, figures: [], notes, load: rounds.load }
    }
    const seconds = Math.max(plan.roundMs, MS_MIN) / 1000
    const folder = mkdtempSync(join(tmpdir(), 'commloop-bench-dns-'))
    const nsd = await startNsd(folder)
    const relay = await startRelay(nsd.port)
    const queries = join(folder, 'queries')
    writeFileSync(
      queries,
      hosts()
        .map((host) => `${host}.example.test A\n`)
        .join(''),
    )
    try {
      const values = await rounds.measure('queries', [
        { name: DIRECT, round: () => dnsperf(nsd.port, queries, seconds) },
        { name: RELAYED, round: () => dnsperf(relay.port, queries, seconds) },
      ])
      const base = values.get(DIRECT)
      const figures = [...values].map(([name, each]) =>
        figure('queries', name, 'queries/s', each, base),
      )
      return { ...result, figures, notes: [], load: rounds.load }
    } finally {
      relay.stop()
      await nsd.program.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

async function dnsperf(port: number, queries: string, seconds: number): Promise<number> {
  const options = ['-m', 'tcp', '-s', LOOPBACK, '-p', String(port), '-d', queries]
  const load = ['-c', String(CLIENTS), '-l', String(seconds)]
  const output = await new ForeignProgram('dnsperf', [...options, ...load]).output()
  const perSecond = /Queries per second:\s+([\d.]+)/.exec(output)?.[1]
  const lost = /Queries lost:\s+(\d+)/.exec(output)?.[1]
  if (perSecond === undefined || lost !== '0') throw new Error(`dnsperf:\n${output}`)
  return Number(perSecond)
}

function hosts(): string[] {
  return Array.from({ length: NAMES }, (_, at) => `host-${String(at)}`)
}

async function startNsd(folder: string): Promise<{ program: ForeignProgram; port: number }> {
  const port = await freePort()
  const records = hosts().map((host, at) => `${host} A 192.0.2.${String(at)}\n`)
  const head =
    '$ORIGIN example.test.\n$TTL 60\n@ SOA ns admin 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n'
  writeFileSync(join(folder, 'zone'), head + records.join(''))
  writeFileSync(
    join(folder, 'nsd.conf'),
    `server:
  ip-address: ${LOOPBACK}@${String(port)}
  username: ""
  server-count: 1
  zonesdir: "${folder}"
  database: ""
  pidfile: ""
  xfrdfile: "${folder}/xfrd.state"
  zonelistfile: "${folder}/zone.list"
  xfrdir: "${folder}"
remote-control:
  control-enable: no
zone:
  name: example.test
  zonefile: zone
`,
  )
  const program = new ForeignProgram('nsd', ['-d', '-c', join(folder, 'nsd.conf')])
  while (!(await accepts(port))) await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS))
  return { program, port }
}

async function startRelay(upstreamPort: number): Promise<{ port: number; stop: () => void }> {
  const child = spawn(process.execPath, [COMMLOOP, 'run', '--config', CONFIG], {
    env: { ...process.env, DNS_RELAY_PORT: '0', DNS_UPSTREAM_PORT: String(upstreamPort) },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const stop = (): void => {
    child.kill('SIGKILL')
  }
  process.once('exit', stop)
  let port = 0
  for await (const line of createInterface({ input: child.stderr })) {
    const { listen, link, state } = JSON.parse(line) as Readonly<Record<string, unknown>>
    if (listen !== undefined) port = (listen as { readonly port: number }).port
    if (link === 'upstream' && state === 'up') break
  }
  child.stderr.resume()
  if (port === 0) throw new Error('the relay did not start')
  return { port, stop }
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, LOOPBACK)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, LOOPBACK)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => {
      resolve(false)
    })
  })
}
