import type { LinkState } from '@commloop/core'
import type { CellStyle } from './cells.js'

/** How a terminal with colours shows the states of a link. */
export const STATE_STYLES: Readonly<Record<LinkState, CellStyle>> = {
  up: 'green',
  idle: 'dim',
  dialing: 'yellow',
  awaiting: 'yellow',
  backoff: 'yellow',
  draining: 'yellow',
  exhausted: 'red',
  closed: 'dim',
}
