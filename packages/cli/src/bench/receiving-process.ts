import { receiveWithNode } from './node-side.js'
import { receiveRaw } from './raw-side.js'
import { Arrivals, type Traffic } from './traffic.js'

/*
 * The other process: both contenders listen in it, and it says when a run has come to its end. Its parent forks it and
 * talks to it by messages; it ends with its parent.
 */

/** Where the contenders listen. */
export interface Ports {
  readonly node: number
  readonly raw: number
}

/** `ready`: the run may begin. `misplaced`: it is over, and so many messages were not the next. */
export type Report = { readonly ready: true } | { readonly misplaced: number }

/** Whose parent is gone has nobody to receive for, and learns of it here if it was not listening yet when that happened. */
function tell(report: Ports | Report): void {
  process.send?.(report, (error: Error | null) => {
    if (error !== null) process.exit()
  })
}

const arrivals = new Arrivals()
process.on('disconnect', () => process.exit())
process.on('message', (traffic: Traffic) => {
  void arrivals.expect(traffic).then((misplaced) => {
    tell({ misplaced })
  })
  tell({ ready: true })
})
tell({ node: await receiveWithNode(arrivals), raw: await receiveRaw(arrivals) })
