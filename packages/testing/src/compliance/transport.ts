import { type Check, registerChecks } from './check.js'
import { type Silence, transportDialingChecks } from './transport-dialing.js'
import { transportEndingChecks } from './transport-ending.js'
import { transportListeningChecks } from './transport-listening.js'
import { transportReadingChecks } from './transport-reading.js'
import { playOn, type TransportHosts } from './transport-stage.js'
import { transportWritingChecks } from './transport-writing.js'

/** Time limit of a check: it opens up to 40 connections or moves up to 64 MiB, on a machine that may be busy. */
const CHECK_MS_MAX = 60_000

/** Facts that the suite cannot get from the hosts. Checks that need a missing option are reported as skipped. */
export interface TransportComplianceOptions {
  /** Creates an address that never answers a dial, to check that dials end at their time limit. */
  readonly silence?: Silence
}

/**
 * Registers the tests that every Transport must pass. Call it once for each way to connect.
 *
 * Every check also fails if a callback comes before the call that causes it has returned, if a callback other than
 * `closed` comes after `destroy`, if any callback comes after `closed`, or if `received` comes while not reading.
 */
export function transportCompliance(
  name: string,
  open: () => TransportHosts | Promise<TransportHosts>,
  options: TransportComplianceOptions = {},
): void {
  registerChecks(`Transport compliance: ${name}`, transportChecks(open, options), CHECK_MS_MAX)
}

/** The checks behind `transportCompliance`. */
export function transportChecks(
  open: () => TransportHosts | Promise<TransportHosts>,
  options: TransportComplianceOptions = {},
): readonly Check[] {
  const play = playOn(open)
  return [
    ...transportDialingChecks(play, options.silence),
    ...transportListeningChecks(play),
    ...transportReadingChecks(play),
    ...transportWritingChecks(play),
    ...transportEndingChecks(play),
  ]
}
