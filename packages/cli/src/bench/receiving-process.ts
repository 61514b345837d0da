import { freeChunksAtOnce } from '../command-line/chunk-memory.js'
import { receiveWithNode } from './node-side.js'
import { receiveRaw } from './raw-side.js'
import { Arrivals, type Traffic } from './traffic.js'

/*
 * The receiving process: both contenders listen in it, and it reports the end of each run. Its parent forks it and talks to
 * it by messages; it ends with its parent.
 */

/** The ports of the contenders. */
export interface Ports {
  readonly node: number
  readonly raw: number
}

/** `ready`: the run may begin. `misplaced`: the run is over, with the number of messages that were out of order. */
export type Report = { readonly ready: true } | { readonly misplaced: number }

/** Ends the process if the parent is gone, which may happen before `disconnect` has a listener. */
function send(report: Ports | Report): void {
  process.send?.(report, (error: Error | null) => {
    if (error !== null) process.exit()
  })
}

freeChunksAtOnce()
const arrivals = new Arrivals()
process.on('disconnect', () => process.exit())
process.on('message', (traffic: Traffic) => {
  void arrivals.expect(traffic).then((misplaced) => {
    send({ misplaced })
  })
  send({ ready: true })
})
send({ node: await receiveWithNode(arrivals), raw: await receiveRaw(arrivals) })
