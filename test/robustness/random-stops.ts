import { setTimeout as delay } from 'node:timers/promises'
import { tcpTransport } from '@commloop/transport-tcp'
import { len16Codec } from '@commloop/codec-len16'
import { createNode, ledgerProblems, type Node } from '@commloop/core'

/** The result of a hundred stops during traffic. */
export interface StopsFigure {
  readonly stops: number
  /** Stops after which both ledgers balanced, every link was closed and the peer had received no partial frame. */
  readonly clean: number
  /** Stops that took longer than their deadline and a margin for the machine. */
  readonly late: number
  readonly slowestMs: number
  readonly deadlineMs: number
  readonly written: number
  /** The problems, one line for each stop. */
  readonly faults: readonly string[]
}

const DEADLINE_MS = 2_000
/** The margin: a deadline is a timer, and the machine may be busy. */
const LATE_MS = 1_000
const LINKS = 3

/**
 * Stops a node that sends and receives at random moments: while it dials, while links open, under load, with full
 * queues. `random`: 0 to 1, draws the moments.
 */
export async function randomStops(stops: number, random: () => number): Promise<StopsFigure> {
  let late = 0
  let slowestMs = 0
  let written = 0
  const faults: string[] = []
  for (let stop = 0; stop < stops; stop++) {
    const peer = createNode(
      {
        listen: { host: '127.0.0.1', port: 0 },
        links: [{ id: 'in', role: 'passive', ip: '127.0.0.1', slots: LINKS, halfClose: 'close' }],
      },
      tcpTransport(),
      len16Codec(),
    )
    const damaged = countDamaged(peer)
    await peer.start()
    const node = dialling(peer.listening?.port ?? 0)
    await node.start()
    const stopTraffic = traffic(node, peer)
    await delay(random() * 60)
    const startedMs = performance.now()
    await node.stop({ deadlineMs: DEADLINE_MS })
    const tookMs = performance.now() - startedMs
    stopTraffic()
    await peer.stop({ deadlineMs: DEADLINE_MS })
    slowestMs = Math.max(slowestMs, tookMs)
    if (tookMs > DEADLINE_MS + LATE_MS) late++
    written += node.links().reduce((sum, { counters }) => sum + counters.written, 0)
    const fault = faultOf(node) ?? faultOf(peer) ?? damaged()
    if (fault !== undefined) faults.push(`stop ${String(stop)}: ${fault}`)
  }
  return {
    stops,
    clean: stops - faults.length,
    late,
    slowestMs: Math.round(slowestMs),
    deadlineMs: DEADLINE_MS,
    written,
    faults,
  }
}

function dialling(port: number): Node {
  const link = { role: 'active' as const, ip: '127.0.0.1', port }
  return createNode(
    {
      links: Array.from({ length: LINKS }, (_, at) => ({ ...link, id: `out${String(at)}` })),
      outbox: '256KiB',
      stopDeadline: DEADLINE_MS,
    },
    tcpTransport(),
    len16Codec(),
  )
}

const PAYLOAD = Buffer.alloc(1_000, 7)

/** Both sides send as much as the nodes accept, turn after turn. */
function traffic(node: Node, peer: Node): () => void {
  let on = true
  const send = (from: Node, to: string): void => {
    try {
      for (let at = 0; at < 20 && from.send(PAYLOAD, { to, id: 'm' }); at++);
    } catch {
      // Refused, because the queue is full or the link is down or stopping. Nothing was accepted.
    }
  }
  const turn = (): void => {
    if (!on) return
    for (let at = 0; at < LINKS; at++) send(node, `out${String(at)}`)
    send(peer, 'in/*')
    setImmediate(turn)
  }
  turn()
  return () => {
    on = false
  }
}

function countDamaged(peer: Node): () => string | undefined {
  let damaged = 0
  peer.on('message', ({ payload }) => {
    if (payload.byteLength !== PAYLOAD.byteLength || payload[0] !== 7) damaged++
  })
  return () => (damaged === 0 ? undefined : `${String(damaged)} damaged payloads`)
}

/** The problem of a node that has stopped; undefined if there is none. */
function faultOf(node: Node): string | undefined {
  if (node.counters.routing !== 0)
    return `${String(node.counters.routing)} messages left in routing`
  const links = node.links()
  for (const { id, state, counters } of links) {
    if (state !== 'closed') return `${id} is ${state}`
    if (counters.queued !== 0) return `${String(counters.queued)} copies left in ${id}`
  }
  const problems = ledgerProblems(
    node.counters,
    links.map(({ counters }) => counters),
  )
  return problems.length === 0 ? undefined : problems.join('; ')
}
