import type { PluginMismatch } from '@commloop/core'

/**
 * Every finding of `commloop check --with` and of the built-in plugins. `docs/doctor.md` has a line for each. Other plugins
 * may report findings of their own.
 */
export const COMPATIBILITY_FINDINGS = [
  'not-named',
  'both-active',
  'both-passive',
  'nobody-dials',
  'not-listening',
  'port-differs',
  'address-differs',
  'not-admitted',
  'slots-few',
  'codec-differs',
  'payload-limit-differs',
  'options-invalid',
  'heartbeat-unknown',
  'silence-unfed',
  'ready-unfed',
  'opening-one-side',
  'opening-differs',
  'tls-one-side',
  'identity-unproved',
] as const

/** One reason why two tables do not match. */
export interface CompatibilityFinding extends PluginMismatch {
  /** The entries concerned, with their nodes: `north: south-out`. */
  readonly about: readonly string[]
}

/** A finding about the two sides of one link, whose entries the caller adds. */
export type SettingFinding = PluginMismatch
