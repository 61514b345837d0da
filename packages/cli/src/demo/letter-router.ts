import type { LinkView, Route, RoutedMessage, SendRouter } from '@commloop/core'

/**
 * The demonstration's router: a payload begins with the letter of the node that it is for, and the id of a link
 * with the letter of the node at its other end. Those that are up take turns; while none is, the message waits on
 * the one that we dial.
 */
export class LetterRouter implements SendRouter {
  #turn = 0

  route({ payload }: RoutedMessage, links: readonly LinkView[]): Route {
    const letter = String.fromCharCode(payload[0] ?? 0)
    const ours = links.filter((link) => link.id.startsWith(letter))
    const up = ours.filter((link) => link.state === 'up')
    const target = up[this.#turn++ % up.length] ?? ours.find((link) => link.role === 'active')
    return target?.id ?? { drop: `no link for "${letter}"` }
  }
}
