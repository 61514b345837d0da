import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cutFrames } from '../contenders/raw-frames.js'
import { LOOPBACK } from '../contenders/sockets.js'
import { figure } from '../results/summary.js'
import { atMost, ratioOf } from '../results/targets.js'
import { Rounds } from '../rounds.js'
import type { Workload } from '../workload.js'

const COMMLOOP = fileURLToPath(new URL('../../../packages/cli/bin/commloop.js', import.meta.url))
const BARE = 'node -e 0'
const VERSION = 'commloop --version'
const FIRST_FRAME = 'a node, until its first frame'
const WORKLOAD = 'start'

export const start: Workload = {
  name: 'start',
  async run({ plan, progress }) {
    const rounds = new Rounds({ ...plan, rounds: plan.starts }, progress)
    const values = await rounds.measure(WORKLOAD, [
      { name: BARE, round: () => processMs(['-e', '0']) },
      { name: VERSION, round: () => processMs([COMMLOOP, '--version']) },
      { name: FIRST_FRAME, round: firstFrameMs },
    ])
    const base = values.get(BARE)
    const figures = [...values].map(([name, each]) => figure(WORKLOAD, name, 'ms', each, base))
    return {
      name: 'start',
      title: 'Start of the command',
      about:
        'Whole processes, from start to exit. The time to the first frame ends when the frame arrives at a peer that already ' +
        'listens; the node has a configuration with one active link, and reads one line from stdin.',
      baseline: BARE,
      figures,
      targets: [
        atMost('commloop --version', 1.5, ratioOf(figures, WORKLOAD, VERSION), '× node -e 0'),
        atMost('first frame from run', 4, ratioOf(figures, WORKLOAD, FIRST_FRAME), '× node -e 0'),
      ],
      notes: [],
      load: rounds.load,
    }
  },
}

async function processMs(parameters: readonly string[]): Promise<number> {
  const startedMs = performance.now()
  const child = spawn(process.execPath, parameters, { stdio: 'ignore' })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${parameters.join(' ')} ended with ${String(code)}`)
  return performance.now() - startedMs
}

async function firstFrameMs(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'commloop-bench-start-'))
  const server = createServer()
  try {
    server.listen(0, LOOPBACK)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    writeFileSync(
      join(folder, '.commlooprc'),
      `links:\n  - { id: peer, role: active, ip: ${LOOPBACK}, port: ${String(port)} }\n`,
    )
    const arrived = new Promise<number>((resolve) => {
      server.once('connection', (socket) => {
        socket.on('error', () => undefined)
        cutFrames(socket, () => {
          resolve(performance.now())
        })
      })
    })
    const startedMs = performance.now()
    const child = spawn(process.execPath, [COMMLOOP, 'run', '--stdio'], {
      cwd: folder,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    child.stdin.write('{"payload":"hello"}\n')
    const tookMs = (await arrived) - startedMs
    child.kill('SIGKILL')
    await once(child, 'close')
    return tookMs
  } finally {
    server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
