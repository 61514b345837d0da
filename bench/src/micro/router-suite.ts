import { DirectRouter, type LinkView, type SendRouter } from '@commloop/core'
import { readAnswer } from '../../../packages/core/dist/routing/router-answer.js'
import { check, type Suite } from './suite.js'

const CALLS = 1_024
const TARGETS_MAX = 1_024
const NAMES = ['north', 'east', 'south', 'west']
const PAYLOADS = NAMES.map((_name, first) => new Uint8Array(64).fill(first))
const VIEWS = NAMES.map((id): LinkView => ({
  id,
  entry: id,
  role: 'active',
  state: 'up',
  epoch: 1,
  remote: undefined,
  queuedMessages: 0,
  queuedBytes: 0,
  aboveHighWaterMark: false,
}))
const ONE_VIEW = VIEWS.slice(0, 1)

/** The first byte names the link; the message is dropped if that link is not up. */
const CONTENT_ROUTER: SendRouter = {
  route({ payload }, links) {
    const link = links[payload[0] ?? 0]
    return link?.state === 'up' ? link.id : { drop: 'link is down' }
  },
}
const LIST_ROUTER: SendRouter = {
  route: (_message, links) => links.map(({ id }) => id),
}

/** The cost of routing one message: the object for the router, the call, and reading the answer. */
export const ROUTER_SUITE: Suite = {
  name: 'router',
  operation: 'message',
  operations: CALLS,
  cases: [
    {
      name: 'an array looked up',
      baseline: true,
      run: () => {
        let letters = 0
        for (let call = 0; call < CALLS; call++) {
          letters += NAMES[PAYLOADS[call % PAYLOADS.length]?.[0] ?? 0]?.length ?? 0
        }
        check(letters === lettersOf(NAMES), 'the look-up')
      },
    },
    { name: 'default router', run: routed(new DirectRouter(), ONE_VIEW, lettersOf(['north'])) },
    { name: 'content router', run: routed(CONTENT_ROUTER, VIEWS, lettersOf(NAMES)) },
    { name: 'router to all 4', run: routed(LIST_ROUTER, VIEWS, 4 * lettersOf(NAMES)) },
  ],
}

/** The number of letters in all answers, if the calls return these names in turn. */
function lettersOf(names: readonly string[]): number {
  return (CALLS / names.length) * names.join('').length
}

function routed(router: SendRouter, views: readonly LinkView[], whole: number): () => void {
  return () => {
    let letters = 0
    for (let call = 0; call < CALLS; call++) {
      const payload = PAYLOADS[call % PAYLOADS.length] ?? new Uint8Array(0)
      const message = { payload, id: undefined, from: undefined, deferrals: 0 }
      letters += lettersIn(readAnswer(router.route(message, views), TARGETS_MAX))
    }
    check(letters === whole, 'a route')
  }
}

function lettersIn(answer: unknown): number {
  if (typeof answer === 'string') return answer.length
  if (!Array.isArray(answer)) return 0
  let letters = 0
  for (const each of answer) letters += String(each).length
  return letters
}
