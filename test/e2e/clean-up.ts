import { endCliProcessesAfterEach } from '@commloop/test-support/cli-process'
import { removeTestFoldersAfterEach } from '@commloop/test-support/test-folder'
import { closeRawListenersAfterEach } from '../peer/raw-listener.js'
import { closeRawPeersAfterEach } from '../peer/raw-peer.js'

/** Call it once at the top of a test file. It cleans up everything that a test has started, opened or made. */
export function cleanUpAfterEach(): void {
  // Vitest runs these in the reverse order.
  removeTestFoldersAfterEach()
  closeRawListenersAfterEach()
  closeRawPeersAfterEach()
  endCliProcessesAfterEach()
}
