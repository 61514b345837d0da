import type { LinkOpening, OpeningDoor, OpeningPeer, OpeningSession } from '@commloop/core'

/** What the test decides about one connection. */
export class ScriptedSession implements OpeningSession {
  readonly peer: OpeningPeer
  readonly door: OpeningDoor
  readonly stays: boolean
  readonly frames: string[] = []
  progress: string | undefined
  ends = 0
  #answer: (text: string, door: OpeningDoor) => boolean

  constructor(
    peer: OpeningPeer,
    door: OpeningDoor,
    stays: boolean,
    answer: (text: string, door: OpeningDoor) => boolean,
  ) {
    this.peer = peer
    this.door = door
    this.stays = stays
    this.#answer = answer
  }

  received(payload: Uint8Array): boolean {
    const text = Buffer.from(payload).toString('latin1')
    this.frames.push(text)
    return this.#answer(text, this.door)
  }

  ended(): void {
    this.ends++
  }

  say(text: string): void {
    this.door.send(Buffer.from(text, 'latin1'))
  }
}

interface OpeningScript {
  readonly begin?: (door: OpeningDoor) => void
  /** Default: `ok` opens, `no` is refused, and everything that begins with `o-` is taken. */
  readonly answer?: (text: string, door: OpeningDoor) => boolean
  readonly stays?: boolean
}

/** An opening that logs on with `logon`. It keeps its sessions for the test. */
export class ScriptedOpening implements LinkOpening {
  readonly sessions: ScriptedSession[] = []
  readonly #script: OpeningScript

  constructor(script: OpeningScript = {}) {
    this.#script = script
  }

  begin(peer: OpeningPeer, door: OpeningDoor): OpeningSession {
    const { begin, answer = answerByDefault, stays = false } = this.#script
    if (begin === undefined) door.send(Buffer.from('logon', 'latin1'))
    else begin(door)
    const session = new ScriptedSession(peer, door, stays, answer)
    this.sessions.push(session)
    return session
  }

  get last(): ScriptedSession {
    const session = this.sessions.at(-1)
    if (session === undefined) throw new Error('no opening has begun')
    return session
  }
}

function answerByDefault(text: string, door: OpeningDoor): boolean {
  if (text === 'ok') door.open()
  else if (text === 'no') door.refuse('wrong password')
  else return text.startsWith('o-')
  return true
}
