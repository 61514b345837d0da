import type { MessageStamp } from '@commloop/core'

/** How a stamp counts and reads the clock. */
export interface StampOptions {
  /** The number of the first message, and the one after `last`. Default 1. */
  readonly first?: number
  /** The largest number. Default 999 999. */
  readonly last?: number
  /** The time zone of date and time: that of the process, or UTC. Default `local`. */
  readonly zone?: StampZone
}

export const STAMP_ZONES = ['local', 'utc'] as const
export type StampZone = (typeof STAMP_ZONES)[number]

/** Six digits. */
const LAST_DEFAULT = 999_999

/** Supplies the time and a growing number for each message of one sender. The number is in memory only. */
export class Stamp implements MessageStamp {
  readonly first: number
  readonly last: number
  readonly zone: StampZone
  readonly #clock: () => number
  #next: number

  /**
   * @param clock milliseconds since 1970, as `Date.now`
   * @param before numbering continues with its next number, if that is within the limits
   */
  constructor(clock: () => number, options: StampOptions = {}, before?: Stamp) {
    const { first = 1, last = LAST_DEFAULT, zone = 'local' } = options
    this.first = first
    this.last = last
    this.zone = zone
    this.#clock = clock
    const next = before === undefined ? first : before.#next
    this.#next = next >= first && next <= last ? next : first
  }

  next(): number {
    const number = this.#next
    this.#next = number >= this.last ? this.first : number + 1
    return number
  }

  time(): string {
    const now = new Date(this.#clock())
    const parts = this.zone === 'utc' ? utcParts(now) : localParts(now)
    const [year, ...others] = parts
    return [
      String(year).padStart(4, '0'),
      ...others.map((part) => String(part).padStart(2, '0')),
    ].join('')
  }
}

type DateParts = readonly [number, ...number[]]

function localParts(date: Date): DateParts {
  return [
    date.getFullYear(),
    date.getMonth() + 1,
    date.getDate(),
    date.getHours(),
    date.getMinutes(),
    date.getSeconds(),
  ]
}

function utcParts(date: Date): DateParts {
  return [
    date.getUTCFullYear(),
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ]
}
