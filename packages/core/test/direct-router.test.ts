import { describe, expect, it } from 'vitest'
import type { LinkView, RoutedMessage } from '../src/contracts/send-router.js'
import { DirectRouter } from '../src/routing/direct-router.js'

const NOWHERE = { drop: expect.stringContaining('no router') as string }

const linksOf = (...ids: readonly string[]): readonly LinkView[] =>
  ids.map((id) => ({
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

const message = (source?: string): RoutedMessage => ({
  payload: new Uint8Array(1),
  id: undefined,
  from: source === undefined ? undefined : { link: source, epoch: 1 },
  deferrals: 0,
})

describe('the default router', () => {
  it.each<[string, readonly string[], string | undefined, unknown]>([
    ['no link', [], undefined, NOWHERE],
    ['one link', ['a'], undefined, 'a'],
    ['one link, and the message came from it', ['a'], 'a', NOWHERE],
    ['one link, and the message came from one that is gone', ['a'], 'z', 'a'],
    ['two links', ['a', 'b'], undefined, NOWHERE],
    ['two links, and the message came from the first', ['a', 'b'], 'a', 'b'],
    ['two links, and the message came from the second', ['a', 'b'], 'b', 'a'],
    ['two links, and the message came from one that is gone', ['a', 'b'], 'z', NOWHERE],
    ['three links', ['a', 'b', 'c'], undefined, NOWHERE],
    ['three links, and the message came from one', ['a', 'b', 'c'], 'a', NOWHERE],
  ])('with %s', (_name, ids, source, expected) => {
    expect(new DirectRouter().route(message(source), linksOf(...ids))).toEqual(expected)
  })

  it('looks at the table again when it is another', () => {
    const router = new DirectRouter()
    const tables: readonly [readonly string[], unknown][] = [
      [['a', 'b', 'c'], NOWHERE],
      [['a'], 'a'],
      [['b'], 'b'],
      [[], NOWHERE],
    ]
    for (const [ids, expected] of tables) {
      expect(router.route(message(), linksOf(...ids))).toEqual(expected)
    }
  })
})
