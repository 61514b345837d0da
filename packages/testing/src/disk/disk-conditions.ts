import type { StorageErrorKind } from '@commloop/core'

/** How a simulated disk behaves. */
export interface DiskConditions {
  /** How long each call takes. */
  readonly delayMs: { readonly min: number; readonly max: number }
  /** The part of the calls, from 0 to 1, that take 20 times as long. */
  readonly stalls: number
  /**
   * The part of the calls that change or sync something, from 0 to 1, that fail. A failed write has written a part. A
   * failed sync has lost half of what was not durable, and the next sync succeeds.
   */
  readonly fails: number
  /** Sizes of all files together at which the disk is full. Infinity: never. */
  readonly fullAtBytes: number
  /** The part of the sectors, from 0 to 1, that are written only half if they are written during a power cut. */
  readonly tornSectors: number
  /** Decides about each call, in addition to `fails`. undefined: it succeeds. */
  readonly fault:
    ((call: DiskCall) => Extract<StorageErrorKind, 'full' | 'failed'> | undefined) | undefined
}

/** A disk without faults. */
export const CALM_DISK: DiskConditions = {
  delayMs: { min: 0.01, max: 2 },
  stalls: 0,
  fails: 0,
  fullAtBytes: Infinity,
  tornSectors: 0,
  fault: undefined,
}

/** A call of the storage. */
export interface DiskCall {
  readonly kind:
    'claim' | 'open' | 'rename' | 'remove' | 'sync folder' | 'read' | 'store' | 'write' | 'sync'
  /** The file; empty for the folder. */
  readonly name: string
  /** How many calls the disk has had, with this one. */
  readonly number: number
}
