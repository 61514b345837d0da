import { endCliProcessesAfterEach } from '@commloop/test-support/cli-process'
import { removeTestFoldersAfterEach } from '@commloop/test-support/test-folder'
import { closeRawListenersAfterEach } from '../peer/raw-listener.js'
import { closeRawPeersAfterEach } from '../peer/raw-peer.js'

/** Once at the top of a test file: what a test has started, opened or made goes with it, processes first. */
export function cleanUpAfterEach(): void {
  // Vitest runs these in the reverse order.
  removeTestFoldersAfterEach()
  closeRawListenersAfterEach()
  closeRawPeersAfterEach()
  endCliProcessesAfterEach()
}
