import { type Check, registerChecks } from './check.js'
import { type Silence, transportDialingChecks } from './transport-dialing.js'
import { transportEndingChecks } from './transport-ending.js'
import { transportListeningChecks } from './transport-listening.js'
import { transportReadingChecks } from './transport-reading.js'
import { playOn, type TransportHosts } from './transport-stage.js'
import { transportWritingChecks } from './transport-writing.js'

/** A check opens up to 40 connections or moves up to 64 MiB, on a machine that may be busy. */
const CHECK_MS_MAX = 60_000

/** What the suite cannot find out from the hosts alone. Checks that need what is missing are skipped by name. */
export interface TransportComplianceOptions {
  /** An address of which nothing ever comes back, not even a refusal: to see that dials end by their time limit. */
  readonly silence?: Silence
}

/**
 * What every Transport promises. The package that implements one calls this once for each way to connect.
 *
 * Whatever a check is about, it also fails when a callback comes before the call that starts it has returned, when
 * anything but `closed` comes after `destroy`, anything at all after `closed`, or `received` while not reading.
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
