import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import type { LinkOpening, OpeningPeer, OpeningSession } from '@commloop/core'

/** The other end of one connection. */
export interface OpeningTestPeer {
  /** What the peer says before it has heard anything. Default: nothing. */
  readonly begins?: readonly Uint8Array[]
  /** What the peer says to a payload. */
  answers(payload: Uint8Array): readonly Uint8Array[]
}

/** Two sides that still talk after as many payloads will not stop. */
const PAYLOADS_MAX = 10_000

/** What a session has answered to one payload. */
interface StageAnswer {
  readonly isTaken: boolean
  /** Whether it was open before, and after. */
  readonly wasOpen: boolean
  readonly isOpen: boolean
}

/** One connection on which an opening speaks: it records what the session does. */
export class OpeningStage {
  readonly refusals: string[] = []
  readonly answers: StageAnswer[] = []
  opens = 0
  sends = 0
  /** What a payload contains is overwritten as soon as the session has answered. */
  overwrites = false
  readonly #said: Uint8Array[] = []
  readonly #session: OpeningSession

  constructor(opening: LinkOpening, role: OpeningPeer['role']) {
    const remote = { ip: '192.0.2.1', port: 8000 }
    const peer = { link: 'link', entry: 'link', role, remote, identities: [] }
    this.#session = opening.begin(peer, {
      send: (payload) => {
        assert.ok(payload instanceof Uint8Array, `it sends ${inspect(payload)}`)
        this.sends++
        this.#said.push(Uint8Array.from(payload))
      },
      open: () => {
        this.opens++
      },
      refuse: (reason) => {
        assert.equal(typeof reason, 'string', `it refuses with ${inspect(reason)}`)
        this.refusals.push(reason)
      },
    })
    assert.equal(typeof this.#session.received, 'function', 'begin() returned no session')
  }

  get stays(): boolean {
    return this.#session.stays === true
  }

  get progress(): unknown {
    return this.#session.progress
  }

  /** Is over: the session gets nothing any more. */
  get #isOver(): boolean {
    return this.refusals.length > 0 || (this.opens > 0 && !this.stays)
  }

  /** @returns whether the session has taken it */
  hear(payload: Uint8Array): boolean {
    if (this.#isOver) return false
    const wasOpen = this.opens > 0
    // A view of a larger chunk, as a decoder delivers it.
    const chunk = new Uint8Array(payload.length + 2)
    chunk.set(payload, 1)
    const isTaken: unknown = this.#session.received(chunk.subarray(1, payload.length + 1))
    if (this.overwrites) chunk.fill(0xa5)
    assert.ok(typeof isTaken === 'boolean', `received() answered ${inspect(isTaken)}`)
    this.answers.push({ isTaken, wasOpen, isOpen: this.opens > 0 })
    return isTaken
  }

  /** Talks to the peer until both are silent. */
  play(peer: OpeningTestPeer): void {
    let payloads = 0
    const turns = this.turns(peer)
    while (turns.next().done !== true) {
      payloads++
      assert.ok(payloads < PAYLOADS_MAX, 'the opening and its peer do not stop talking')
    }
  }

  /** The same, one payload of the peer at a time. */
  *turns(peer: OpeningTestPeer): Generator<void, void> {
    const heard = [...(peer.begins ?? [])]
    for (;;) {
      for (const payload of this.#said.splice(0)) heard.push(...peer.answers(payload))
      const payload = heard.shift()
      if (payload === undefined) return
      this.hear(payload)
      yield
    }
  }

  end(): void {
    this.#session.ended?.()
  }
}
