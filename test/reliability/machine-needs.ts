import { noNetworkOfOurOwn } from '../netns/isolated-network.js'
import { someToolIsMissing } from '../interop/debian-tool.js'
import type { Figure } from './figure.js'

/** Whether the machine lacks what a figure needs; then it says on the console what is missing. */
export function needIsMissing({ id, needs }: Figure): boolean {
  switch (needs) {
    case 'network namespaces':
      return noNetworkOfOurOwn(id)
    case 'prlimit':
      return someToolIsMissing(id, [{ command: 'prlimit', package: 'util-linux' }])
    default:
      return false
  }
}
