import type {
  Clock,
  LinkOpening,
  OpeningDoor,
  OpeningPeer,
  OpeningSession,
  Timer,
} from '@commloop/core'
import type { SeededRandom } from '../virtual/seeded-random.js'
import type { World } from './world.js'

/** The opening of all links of a swarm, because both ends of a link must agree. */
export interface OpeningPlan {
  /** How often the dialer asks and the acceptor answers. */
  readonly rounds: number
  /** Frames that both sides send in addition, and that mean nothing. */
  readonly chatter: number
  /** The sessions also answer enquiries after `open`. */
  readonly stays: boolean
  /** Probability for each frame, during the faults, that the session does something else than the protocol asks for. */
  readonly hostility: number
  /** How late an answer of a slow session comes. */
  readonly slowMsMax: number
}

/** Words are shorter than every message, so that neither is taken for the other. */
const WORDS = { hello: 1, welcome: 2, enquiry: 3, answer: 4, chatter: 5 } as const
type Word = keyof typeof WORDS
const MARK = 0xfe

/** A logon in rounds, for the links of one process. It misbehaves as the seed says, until the faults end. */
export class SimulatedOpening implements LinkOpening {
  readonly plan: OpeningPlan
  readonly world: World
  readonly clock: Clock
  readonly random: SeededRandom
  readonly #node: string
  /** By link: the session of its last connection, and how many payloads its sessions have taken and sent. */
  readonly #sessions = new Map<string, SimulatedSession>()
  readonly taken = new Map<string, number>()
  readonly sent = new Map<string, number>()

  constructor(plan: OpeningPlan, node: string, clock: Clock, world: World, random: SeededRandom) {
    this.plan = plan
    this.#node = node
    this.clock = clock
    this.world = world
    this.random = random
  }

  begin({ link, role }: OpeningPeer, door: OpeningDoor): OpeningSession {
    if (this.isHostile(0.3)) throw new Error('simulated: the opening does not begin')
    // A passive link may give up a connection that lingers, so its next session may begin before the last one ends.
    if (role === 'active' && this.#sessions.get(link)?.hasEnded === false) {
      this.violated(link, 'the opening began again before it had ended')
    }
    const session = new SimulatedSession(this, link, role, door)
    this.#sessions.set(link, session)
    session.begin()
    return session
  }

  isHostile(share: number): boolean {
    return !this.world.calm && this.random.chance(this.plan.hostility * share)
  }

  isOpen(link: string): boolean {
    return this.#sessions.get(link)?.isOpen === true
  }

  violated(link: string, what: string): void {
    this.world.violated(`${this.#node} ${link}`, what)
  }
}

class SimulatedSession implements OpeningSession {
  readonly stays: boolean
  isOpen = false
  hasEnded = false
  readonly #opening: SimulatedOpening
  readonly #link: string
  readonly #role: OpeningPeer['role']
  readonly #door: OpeningDoor
  #round = 0
  #isSilent = false
  #late: Timer | undefined

  constructor(
    opening: SimulatedOpening,
    link: string,
    role: OpeningPeer['role'],
    door: OpeningDoor,
  ) {
    this.#opening = opening
    this.#link = link
    this.#role = role
    this.#door = door
    this.stays = opening.plan.stays
  }

  get progress(): string {
    return `round ${String(this.#round)}`
  }

  begin(): void {
    for (let left = this.#opening.plan.chatter; left > 0; left--) this.#say('chatter')
    if (this.#role === 'active') this.#say('hello')
  }

  received(payload: Uint8Array): boolean {
    const { world } = this.#opening
    if (this.isOpen && !this.stays)
      this.#violated('was asked after `open`, although it does not stay')
    const word = wordOf(payload)
    if (word === undefined) {
      const message = this.isOpen ? undefined : world.book.find(payload)
      if (message !== undefined)
        this.#violated(`got message ${String(message.number)} before it was open`)
      return false
    }
    if (this.isOpen) this.#enquired(word)
    else if (!this.#isSilent && word !== 'chatter') this.#next()
    return count(this.#opening.taken, this.#link)
  }

  #enquired(word: Word): void {
    if (word === 'enquiry') this.#say('answer')
    if (word === 'answer') this.#opening.world.markers.seen('opening stayed')
  }

  #next(): void {
    const opening = this.#opening
    if (opening.isHostile(0.2)) throw new Error('simulated: the opening throws')
    if (opening.isHostile(0.3)) {
      this.#door.refuse('simulated')
      this.#isSilent = true
    } else if (this.#mayBeLate && opening.isHostile(0.2)) this.#isSilent = true
    else if (this.#mayBeLate && opening.isHostile(0.5)) {
      this.#late ??= opening.clock.after(opening.random.between(1, opening.plan.slowMsMax), () => {
        this.#late = undefined
        this.#goOn()
      })
    } else this.#goOn()
  }

  /** The last answer of the acceptor is followed by messages, so the dialer must open immediately. */
  get #mayBeLate(): boolean {
    return this.#role === 'passive' || this.#round + 1 < this.#opening.plan.rounds
  }

  #goOn(): void {
    this.#round++
    const isLast = this.#round >= this.#opening.plan.rounds
    if (this.#role === 'passive') this.#say('welcome')
    else if (!isLast) this.#say('hello')
    if (isLast) this.#open()
  }

  #open(): void {
    this.isOpen = true
    if (this.stays) this.#say('enquiry')
    this.#door.open()
  }

  #say(word: Word): void {
    this.#door.send(Uint8Array.of(MARK, WORDS[word], this.#round))
    count(this.#opening.sent, this.#link)
  }

  ended(): void {
    this.hasEnded = true
    this.#late?.cancel()
    if (this.#opening.isHostile(0.2)) throw new Error('simulated: the opening throws at its end')
  }

  #violated(what: string): void {
    this.#opening.violated(this.#link, `the opening ${what}`)
  }
}

function wordOf(payload: Uint8Array): Word | undefined {
  if (payload.length !== 3 || payload[0] !== MARK) return undefined
  return (Object.keys(WORDS) as Word[]).find((word) => WORDS[word] === payload[1])
}

function count(counts: Map<string, number>, link: string): true {
  counts.set(link, (counts.get(link) ?? 0) + 1)
  return true
}
