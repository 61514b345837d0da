import type { LinkState } from '@commloop/core'
import type { CellStyle } from './table.js'

/** The style of each link state on a colour terminal. */
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
