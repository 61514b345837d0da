import { noNetworkOfOurOwn } from '../netns/isolated-network.js'
import { someToolIsMissing } from '../interop/debian-tool.js'
import type { Figure } from './figure.js'

/** Whether the machine does not meet the requirements of a figure; then prints what is missing. */
export function needIsMissing({ id, needs }: Figure): boolean {
  switch (needs) {
    case 'network namespaces':
      return noNetworkOfOurOwn(id)
    case 'prlimit':
      return someToolIsMissing(id, [{ command: 'prlimit', package: 'util-linux' }])
    case 'openssl':
      return someToolIsMissing(id, [{ command: 'openssl', package: 'openssl' }])
    default:
      return false
  }
}
