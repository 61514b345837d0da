import { challengeMs } from '@commloop/core'
import type { FaultStep } from './fault-step.js'
import { COMES_BACK, type FaultScript, MARGIN_MS } from './fault-script.js'
import type { LinkTerms } from './link-terms.js'

/** The most slots of an entry that a script fills. */
const SLOTS_MAX = 64
const FLOOD = 50
const HANG_UPS = 5
/** How often an existing connection sends a frame while the node decides about the new one. */
const LIFE_EVERY_MS = 200

function filled({ slots }: LinkTerms): readonly FaultStep[] | string {
  if (slots > SLOTS_MAX) return `the entry has ${String(slots)} slots, more than the script fills`
  return Array.from({ length: slots }, () => ({ do: 'open' }) as const)
}

/** All existing connections send frames for longer than the node takes to decide. */
function signsOfLife(terms: LinkTerms): FaultStep {
  const times = Math.ceil((challengeMs(terms.settings.heartbeat) + MARGIN_MS / 3) / LIFE_EVERY_MS)
  const frames = Array.from(
    { length: terms.slots },
    (_, at) => ({ do: 'send frames', payloads: ['alive'], on: at + 1 }) as const,
  )
  return { do: 'repeat', times, steps: [...frames, { do: 'wait', ms: LIFE_EVERY_MS }] }
}

function secondOfLivingPeer(terms: LinkTerms): readonly FaultStep[] | string {
  const incumbents = filled(terms)
  if (typeof incumbents === 'string') return incumbents
  const newcomer = terms.slots + 1
  if (terms.duplicate === 'replace') {
    return [
      ...incumbents,
      { do: 'open' },
      { do: 'expect end', withinMs: MARGIN_MS, on: 1 },
      { do: 'expect open', forMs: 300, on: newcomer },
    ]
  }
  const stay = Array.from(
    { length: terms.slots },
    (_, at) => ({ do: 'expect open', forMs: 0, on: at + 1 }) as const,
  )
  return [
    ...incumbents,
    { do: 'open' },
    ...(terms.duplicate === 'challenge' ? [signsOfLife(terms)] : []),
    { do: 'expect end', withinMs: MARGIN_MS, on: newcomer },
    ...stay,
  ]
}

function secondOfSilentPeer(terms: LinkTerms): readonly FaultStep[] | string {
  const incumbents = filled(terms)
  if (typeof incumbents === 'string') return incumbents
  if (terms.duplicate !== 'challenge')
    return `duplicate is ${terms.duplicate} here: the node does not challenge the connection that it has`
  return [
    ...incumbents,
    { do: 'open' },
    { do: 'expect end', withinMs: challengeMs(terms.settings.heartbeat) + MARGIN_MS, on: 1 },
    { do: 'expect open', forMs: 300, on: terms.slots + 1 },
  ]
}

/** Faults of admission: connections that are too many, too often or too short. */
export const ADMISSION_SCRIPTS: readonly FaultScript[] = [
  {
    name: 'accept-then-close',
    peer: `accepts each dial and closes it immediately, ${String(HANG_UPS)} times, like a peer that does not list the node`,
    node: 'dials again, but never immediately: it waits at least the minimum delay of its backoff between two dials',
    roles: ['active'],
    steps: ({ redialMsMin }) => [
      { do: 'repeat', times: HANG_UPS, steps: [{ do: 'open' }, { do: 'send FIN' }] },
      // The kernel and two event loops round the times.
      { do: 'expect dials apart', ms: Math.floor(redialMsMin * 0.9) },
      ...COMES_BACK,
    ],
  },
  {
    name: 'dial-then-close',
    peer: 'connects and closes the connection immediately, twenty times',
    node: 'frees the slot each time, and accepts the peer that stays',
    roles: ['passive'],
    steps: () => [
      {
        do: 'repeat',
        times: 20,
        steps: [{ do: 'open' }, { do: 'send FIN' }, { do: 'wait', ms: 10 }],
      },
      ...COMES_BACK,
    ],
  },
  {
    name: 'second-connection',
    peer: 'fills every slot, sends a frame on each connection, and connects once more from the same address',
    node: 'rejects the extra connection and keeps the others; with `duplicate: replace` it replaces the first one',
    roles: ['passive'],
    steps: secondOfLivingPeer,
  },
  {
    name: 'second-connection-of-a-silent-peer',
    peer: 'fills every slot, sends nothing, and connects once more from the same address, as after a reboot',
    node: 'gives the slot of the silent connection to the new one (once in `holdDown`)',
    roles: ['passive'],
    steps: secondOfSilentPeer,
  },
  {
    name: 'flood-of-connections',
    peer: `opens ${String(FLOOD)} more connections than there are slots`,
    node: 'keeps only as many of them as the entry has slots',
    roles: ['passive'],
    steps: (terms) => {
      if (terms.slots > SLOTS_MAX) return filled(terms)
      return [
        { do: 'open many', count: terms.slots + FLOOD },
        {
          do: 'expect open at most',
          connections: terms.slots,
          afterMs: challengeMs(terms.settings.heartbeat) + MARGIN_MS,
        },
      ]
    },
  },
]
