import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { wireFrame } from '@commloop/fault-peer'

export interface StrangerStormOptions {
  /** How long the node is under the storm; the bare server twice half of it, before and after. Default 10. */
  readonly seconds?: number
  /** Concurrent connections. Default 64. */
  readonly concurrency?: number
  /** What comes first and does not count: until then memory grows and code gets fast. Default 3. */
  readonly warmSeconds?: number
}

/** How a node refuses strangers, compared with a server that only resets them, in the same run. */
export interface StrangerStormFigures {
  readonly bareRefusalsPerS: number
  readonly refusalsPerS: number
  /** Of the node to the bare server; 0.8 and more is wanted. */
  readonly ratio: number
  /** Of the node's resident memory, from when it was warm to the end of the storm. */
  readonly residentGrowthBytes: number
  /** From a listed peer to the node and back: 99 of 100 take no longer. */
  readonly echoMsP99: number
  readonly calmEchoMsP99: number
  /** Echoes during the storm. */
  readonly echoes: number
  /** What strangers counted, and what the node did: the same. */
  readonly refused: number
  readonly counted: number
  /** Connections that were neither made nor refused: of the machine, not of the node. */
  readonly failed: number
}

const ADDRESSES = 200
const CALM_MS = 1_000
const ECHO_EVERY_MS = 10

/** Needs the build, because the node is a separate process, as users run it. */
export async function strangerStorm(
  options: StrangerStormOptions = {},
): Promise<StrangerStormFigures> {
  const { seconds = 10, concurrency = 64, warmSeconds = 3 } = options
  const length = { concurrency, warmMs: warmSeconds * 1000 }
  const half = { ...length, ms: seconds * 500 }
  const bareBefore = await bareStorm(half)
  const node = await nodeStorm({ ...length, ms: seconds * 1000 })
  const bareAfter = await bareStorm(half)
  const bareRefusalsPerS = (bareBefore + bareAfter) / 2
  return { bareRefusalsPerS, ratio: node.refusalsPerS / bareRefusalsPerS, ...node }
}

interface StormLength {
  readonly concurrency: number
  readonly warmMs: number
  readonly ms: number
}

async function bareStorm(length: StormLength): Promise<number> {
  const server = start('bare-server.mjs', [])
  try {
    const port = await answerOf<number>(server)
    const { refused, ms } = await storm(port, length, () => undefined)
    return (refused * 1000) / ms
  } finally {
    await end(server)
  }
}

type NodeFigures = Omit<StrangerStormFigures, 'bareRefusalsPerS' | 'ratio'>

async function nodeStorm(length: StormLength): Promise<NodeFigures> {
  const node = start('node-process.mjs', [])
  try {
    const port = await answerOf<number>(node)
    const listed = await Echo.dial(port)
    await listed.untilMs(performance.now() + CALM_MS)
    const calmEchoMsP99 = listed.takeP99()
    let warmBytes = 0
    const stormed = storm(port, length, () => {
      warmBytes = residentBytes(node)
      listed.takeP99()
    })
    const echoing = listed.untilMs(performance.now() + length.warmMs + length.ms)
    const [{ refused, failed, ms, total }] = await Promise.all([stormed, echoing])
    const residentGrowthBytes = residentBytes(node) - warmBytes
    const echoes = listed.samples
    const echoMsP99 = listed.takeP99()
    listed.close()
    node.send('count')
    const rejected = await answerOf<Record<string, number>>(node)
    const counted = Object.values(rejected).reduce((sum, count) => sum + count, 0)
    const refusalsPerS = (refused * 1000) / ms
    const echoFigures = { echoMsP99, calmEchoMsP99, echoes }
    return { refusalsPerS, residentGrowthBytes, ...echoFigures, refused: total, counted, failed }
  } finally {
    await end(node)
  }
}

interface Storm {
  /** After the warming up. */
  readonly refused: number
  readonly ms: number
  /** From the beginning to the end. */
  readonly total: number
  readonly failed: number
}

async function storm(port: number, length: StormLength, warm: () => void): Promise<Storm> {
  const client = start('storm-client.mjs', [port, length.concurrency, ADDRESSES])
  try {
    await answerOf(client)
    await delay(length.warmMs)
    const before = await count(client)
    const startedMs = performance.now()
    warm()
    await delay(length.ms)
    const ms = performance.now() - startedMs
    const after = await count(client)
    client.send('end')
    const last = await answerOf<Counted>(client)
    const refused = after.refused - before.refused
    return { refused, ms, total: last.refused, failed: last.failed }
  } finally {
    await end(client)
  }
}

interface Counted {
  readonly refused: number
  readonly failed: number
}

function count(client: ChildProcess): Promise<Counted> {
  client.send('count')
  return answerOf<Counted>(client)
}

function start(file: string, args: readonly number[]): ChildProcess {
  const path = fileURLToPath(new URL(file, import.meta.url))
  return fork(path, args.map(String), {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

async function answerOf<Answer>(child: ChildProcess): Promise<Answer> {
  const gone = new AbortController()
  const exited = (): void => {
    gone.abort(new Error(`a process of the storm has ended by itself: ${child.spawnfile}`))
  }
  child.once('exit', exited)
  try {
    const [answer] = (await once(child, 'message', { signal: gone.signal })) as [Answer]
    return answer
  } finally {
    child.off('exit', exited)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

function residentBytes({ pid }: ChildProcess): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

/** A listed peer: sends a message every few milliseconds, one at a time, and measures the time until its echo. */
class Echo {
  readonly #socket: Socket
  #ms: number[] = []

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
  }

  static async dial(port: number): Promise<Echo> {
    const socket = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.2' })
    await once(socket, 'connect')
    return new Echo(socket)
  }

  get samples(): number {
    return this.#ms.length
  }

  async untilMs(endMs: number): Promise<void> {
    const frame = wireFrame('ping')
    while (performance.now() < endMs) {
      const sentMs = performance.now()
      this.#socket.write(frame)
      for (let bytes = 0; bytes < frame.length;) {
        const [chunk] = (await once(this.#socket, 'data')) as [Buffer]
        bytes += chunk.length
      }
      this.#ms.push(performance.now() - sentMs)
      await delay(ECHO_EVERY_MS)
    }
  }

  /** Of all since the last time. */
  takeP99(): number {
    const sorted = this.#ms.sort((left, right) => left - right)
    this.#ms = []
    return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN
  }

  close(): void {
    this.#socket.destroy()
  }
}
