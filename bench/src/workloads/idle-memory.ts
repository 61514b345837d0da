import { Child } from '../process/child.js'
import type { Memory } from '../process/idle-memory.js'
import type { Figure } from '../results/result.js'
import { figure } from '../results/summary.js'
import { atMost, ratioOf } from '../results/targets.js'
import { Rounds } from '../rounds.js'
import { NODE_CROWDS, type PassiveCrowd } from '../traffic/node-crowds.js'
import { type Callers, SOCKET_CROWDS, type SocketCrowd } from '../traffic/socket-crowds.js'
import type { Workload } from '../workload.js'

const SOCKETS = 'bare net.Socket'
const LINKS = 'link of commloop'
const LIMIT = 1.5
const ROUNDS_MAX = 3

export const idleMemory: Workload = {
  name: 'idle-memory',
  async run({ plan, progress }) {
    const rounds = new Rounds(
      { ...plan, rounds: Math.min(plan.rounds, ROUNDS_MAX), repeatsMax: 0 },
      progress,
    )
    const links = plan.idleLinks
    const heap = new Map([SOCKETS, LINKS].map((name) => [name, [] as number[]]))
    const round = (name: string, crowd: Crowd) => (): Promise<number> =>
      measure(crowd, links, heap.get(name) ?? [])
    const resident = await rounds.measure(`${String(links)} idle links`, [
      { name: SOCKETS, round: round(SOCKETS, 'socketCrowd') },
      { name: LINKS, round: round(LINKS, 'passiveCrowd') },
    ])
    const workload = `${String(links)} links`
    const figures: Figure[] = [SOCKETS, LINKS].flatMap((name) => [
      figure(
        workload,
        name,
        'bytes resident/link',
        resident.get(name) ?? [],
        resident.get(SOCKETS),
      ),
      figure(workload, name, 'bytes of heap/link', heap.get(name) ?? [], heap.get(SOCKETS)),
    ])
    return {
      name: 'idle-memory',
      title: 'Memory of an idle link',
      about:
        `Memory of the accepting process after ${String(links)} raw connections have arrived, minus its memory before the first. ` +
        'Both values are taken after a full garbage collection, and after an idle time (about twenty seconds) in which V8 ' +
        'shrinks its young generation. A bare socket has a listener for data and one for errors, keep-alive and no delay. ' +
        'A link also has its state, counters, outbox, deadlines, the means to create its decoder, and its row of the table.',
      baseline: SOCKETS,
      figures,
      targets: [
        atMost('memory of an idle link', LIMIT, ratioOf(figures, workload, LINKS), '× bare socket'),
      ],
      notes: [],
      load: rounds.load,
    }
  },
}

type Crowd = 'socketCrowd' | 'passiveCrowd'

async function measure(crowd: Crowd, links: number, heap: number[]): Promise<number> {
  const parameters = crowd === 'passiveCrowd' ? [links, {}] : []
  const empty = await accepting(crowd, crowd === 'passiveCrowd' ? [1, {}] : [])
  const before = await empty.call('idleMemory')
  await empty.stop()
  const holder = await accepting(crowd, parameters)
  const callers = await Child.start<Callers>(SOCKET_CROWDS, 'callers')
  try {
    const port = await holder.call('listen')
    await callers.call('call', port, links)
    await holder.call('full', links)
    const after: Memory = await holder.call('idleMemory')
    heap.push((after.heapBytes - before.heapBytes) / links)
    return (after.residentBytes - before.residentBytes) / links
  } finally {
    await callers.stop()
    await holder.stop()
  }
}

async function accepting(
  crowd: Crowd,
  parameters: readonly unknown[],
): Promise<Child<SocketCrowd | PassiveCrowd>> {
  const module = crowd === 'socketCrowd' ? SOCKET_CROWDS : NODE_CROWDS
  return await Child.start<SocketCrowd | PassiveCrowd>(module, crowd, parameters, ['--expose-gc'])
}
