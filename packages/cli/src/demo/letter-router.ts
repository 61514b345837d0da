import type { LinkView, Route, RoutedMessage, SendRouter } from '@commloop/core'

/**
 * The router of the demo. A payload begins with the letter of its target node, and the id of a link with the letter of its
 * peer. Links that are up take turns. If none is up, the message waits on the active link.
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
