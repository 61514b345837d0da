import { ledgerProblems, type Node } from '@commloop/core'

/** The outcomes of all messages that a node accepted, or several nodes that ran under one name. */
export interface Ledger {
  readonly accepted: number
  readonly copies: number
  readonly written: number
  readonly resent: number
  readonly queued: number
  readonly dropped: number
  readonly expired: number
  readonly undeliverable: number
  readonly received: number
  /** Both equations of `ledgerOf` hold: every message is counted exactly once. */
  readonly holds: boolean
}

export const EMPTY_LEDGER: Ledger = {
  accepted: 0,
  copies: 0,
  written: 0,
  resent: 0,
  queued: 0,
  dropped: 0,
  expired: 0,
  undeliverable: 0,
  received: 0,
  holds: true,
}

/** Reads a node's counters and checks that its ledgers balance. */
export function ledgerOf(node: Node): Ledger {
  const { accepted, copies, dropped, undeliverable, expired } = node.counters
  const links = node.links().map(({ counters }) => counters)
  const ledger = { ...EMPTY_LEDGER, accepted, copies, dropped, undeliverable, expired }
  for (const link of links) {
    ledger.written += link.written
    ledger.resent += link.resent
    ledger.queued += link.queued
    ledger.dropped += link.dropped
    ledger.expired += link.expired
    ledger.undeliverable += link.undeliverable
    ledger.received += link.received
  }
  return { ...ledger, holds: ledgerProblems(node.counters, links).length === 0 }
}

export function addLedgers(left: Ledger, right: Ledger): Ledger {
  return {
    accepted: left.accepted + right.accepted,
    copies: left.copies + right.copies,
    written: left.written + right.written,
    resent: left.resent + right.resent,
    queued: left.queued + right.queued,
    dropped: left.dropped + right.dropped,
    expired: left.expired + right.expired,
    undeliverable: left.undeliverable + right.undeliverable,
    received: left.received + right.received,
    holds: left.holds && right.holds,
  }
}

/** Messages that were accepted and not written. */
export function lostIn({ dropped, expired, undeliverable }: Ledger): number {
  return dropped + expired + undeliverable
}
