import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { len16Codec } from '@commloop/codec-len16'
import { createNode, type Node } from '@commloop/core'
import { tcpTransport } from '@commloop/transport-tcp'
import { eventually } from '../peer/eventually.js'
import { rawFrame } from '../peer/raw-frames.js'

/** The resources of the process after many connections, compared with those before. */
export interface LeakFigure {
  readonly cycles: number
  readonly handles: Change
  readonly timers: Change
  readonly listeners: Change
  readonly descriptors: Change
  /** Bytes of heap that each cycle of the second half has leaked; undefined: without `--expose-gc`. */
  readonly heapBytesPerCycle: number | undefined
}

export interface Change {
  readonly before: number
  readonly after: number
}

/** Cycles before the first measurement, in which pools fill and code is compiled. */
const WARM_UP_CYCLES = 50
const SIDE_BY_SIDE = 10

/**
 * Lets this number of peers connect to one node, exchange a message and disconnect, alternately by FIN and by reset,
 * and measures the resources of the process before and after.
 */
export async function leakCheck(cycles: number): Promise<LeakFigure> {
  const node = createNode(
    {
      listen: { host: '127.0.0.1', port: 0 },
      links: [
        { id: 'in', role: 'passive', ip: '127.0.0.1', slots: 2 * SIDE_BY_SIDE, halfClose: 'close' },
      ],
      heartbeat: { every: '10s', payload: 'beat' },
    },
    tcpTransport(),
    len16Codec(),
  )
  node.on('message', ({ payload, link, epoch }) => {
    node.send(payload, { to: { link, epoch } })
  })
  await node.start()
  try {
    await comeAndGo(node, WARM_UP_CYCLES)
    const before = inventory()
    await comeAndGo(node, cycles / 2)
    const halfway = heapBytes()
    await comeAndGo(node, cycles / 2)
    const after = inventory()
    const atEnd = heapBytes()
    const grown = halfway === undefined || atEnd === undefined ? undefined : atEnd - halfway
    return {
      cycles,
      handles: { before: before.handles, after: after.handles },
      timers: { before: before.timers, after: after.timers },
      listeners: { before: before.listeners, after: after.listeners },
      descriptors: { before: before.descriptors, after: after.descriptors },
      heapBytesPerCycle: grown === undefined ? undefined : Math.round(grown / (cycles / 2)),
    }
  } finally {
    await node.stop()
  }
}

/** Resolves when all peers have connected and disconnected, and the node has detected it. */
async function comeAndGo(node: Node, cycles: number): Promise<void> {
  for (let done = 0; done < cycles; done += SIDE_BY_SIDE) {
    const group = Array.from({ length: SIDE_BY_SIDE }, (_, at) =>
      visit(node.listening?.port ?? 0, at % 2 === 0 ? 'fin' : 'reset'),
    )
    await Promise.all(group)
    await eventually('every visitor to be gone', () =>
      node.links().every(({ state }) => state === 'awaiting'),
    )
  }
}

async function visit(port: number, end: 'fin' | 'reset'): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  socket.write(rawFrame('visitor'))
  await once(socket, 'data')
  const closed = once(socket, 'close')
  if (end === 'fin') socket.end()
  else socket.resetAndDestroy()
  await closed
}

interface Inventory {
  readonly handles: number
  readonly timers: number
  readonly listeners: number
  readonly descriptors: number
}

function inventory(): Inventory {
  const resources = process.getActiveResourcesInfo()
  const timers = resources.filter((name) => name === 'Timeout').length
  const events = process.eventNames()
  return {
    handles: resources.length - timers,
    timers,
    listeners: events.reduce((sum, name) => sum + process.listenerCount(name), 0),
    descriptors: readdirSync('/proc/self/fd').length,
  }
}

function heapBytes(): number | undefined {
  if (globalThis.gc === undefined) return undefined
  globalThis.gc()
  globalThis.gc()
  return process.memoryUsage().heapUsed
}
