import type { FaultStep } from './fault-step.js'
import { COMES_BACK, type FaultScript, MARGIN_MS } from './fault-script.js'
import { challengeMs, type LinkTerms } from './link-terms.js'

/** Slots of an entry that a script fills itself. */
const SLOTS_MAX = 64
const FLOOD = 50
const HANG_UPS = 5
/** How often an incumbent says something while it is doubted. */
const LIFE_EVERY_MS = 200

function filled({ slots }: LinkTerms): readonly FaultStep[] | string {
  if (slots > SLOTS_MAX) return `the entry has ${String(slots)} slots, more than the script fills`
  return Array.from({ length: slots }, () => ({ do: 'open' }) as const)
}

/** All incumbents show life, for longer than the node takes to decide. */
function signsOfLife(terms: LinkTerms): FaultStep {
  const times = Math.ceil((challengeMs(terms) + MARGIN_MS / 3) / LIFE_EVERY_MS)
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
    return `duplicate is ${terms.duplicate} here: nobody is asked`
  return [
    ...incumbents,
    { do: 'open' },
    { do: 'expect end', withinMs: challengeMs(terms) + MARGIN_MS, on: 1 },
    { do: 'expect open', forMs: 300, on: terms.slots + 1 },
  ]
}

/** Faults at the door: who comes in, how often, and who comes too soon. */
export const ADMISSION_SCRIPTS: readonly FaultScript[] = [
  {
    name: 'accept-then-close',
    peer: `accepts each dial and hangs up at once, ${String(HANG_UPS)} times, as a peer does that does not list the node`,
    node: 'dials again, never at once: at least the least delay of its backoff lies between two dials',
    roles: ['active'],
    steps: ({ redialMsMin }) => [
      { do: 'repeat', times: HANG_UPS, steps: [{ do: 'open' }, { do: 'send FIN' }] },
      // What the kernel and two event loops take off or round.
      { do: 'expect dials apart', ms: Math.floor(redialMsMin * 0.9) },
      ...COMES_BACK,
    ],
  },
  {
    name: 'dial-then-close',
    peer: 'connects and hangs up at once, twenty times',
    node: 'gives the slot back each time, and lets the peer in that stays',
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
    peer: 'fills every slot, shows life on each, and connects once more from the same address',
    node: 'refuses the one too many and keeps the others; with `duplicate: replace` it gives up the first for it',
    roles: ['passive'],
    steps: secondOfLivingPeer,
  },
  {
    name: 'second-connection-of-a-silent-peer',
    peer: 'fills every slot, says nothing, and connects once more from the same address, as after a reboot',
    node: 'gives the slot of the silent one to the newcomer (once in `holdDown`)',
    roles: ['passive'],
    steps: secondOfSilentPeer,
  },
  {
    name: 'flood-of-connections',
    peer: `opens ${String(FLOOD)} connections more than there are slots`,
    node: 'keeps no more of them than the entry has slots',
    roles: ['passive'],
    steps: (terms) => {
      if (terms.slots > SLOTS_MAX) return filled(terms)
      return [
        { do: 'open many', count: terms.slots + FLOOD },
        {
          do: 'expect open at most',
          connections: terms.slots,
          afterMs: challengeMs(terms) + MARGIN_MS,
        },
      ]
    },
  },
]
