import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeStorage } from '@commloop/journal-segments'
import { storageCompliance } from '@commloop/testing/compliance'

for (const lock of ['kernel', 'pid'] as const) {
  storageCompliance(`NodeStorage with the lock ${lock}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'commloop-storage-'))
    const options = { keepFreeBytes: 0, lock }
    return {
      storage: new NodeStorage(join(folder, 'made', 'here'), options),
      other: new NodeStorage(join(folder, 'made', 'here'), options),
      remove: () => rm(folder, { recursive: true }),
    }
  })
}
