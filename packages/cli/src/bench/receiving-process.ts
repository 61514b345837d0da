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

function tell(report: Ports | Report): void {
  process.send?.(report)
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
