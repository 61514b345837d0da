import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'
import { eventually } from '../peer/eventually.js'
import { AppenderRounds } from './appender-rounds.js'
import { cutPower, isReleased, makeImage, mounted, noLoopDevice } from './mounts.js'

removeTestFoldersAfterEach()

const CUTS = 10

describe.skipIf(noLoopDevice('power cuts under a journal'))('a power cut under a journal', () => {
  it('loses nothing that was reported as stored', { timeout: 300_000 }, async () => {
    const folder = testFolder()
    const [image, at] = [join(folder, 'disk.img'), join(folder, 'mount')]
    mkdirSync(at)
    makeImage(image)
    const rounds = new AppenderRounds(join(at, 'journal'), (command) => mounted(image, at, command))
    for (let cut = 0; cut < CUTS; cut++) {
      await rounds.round(1 + ((cut * 397) % 3_000), (child) => {
        cutPower(child.pid ?? 0, at)
        child.kill('SIGKILL')
      })
      await eventually('the image is released', () => isReleased(image))
    }
    const { stored, ...rest } = rounds.result
    expect(rest).toEqual({ rounds: CUTS, lost: 0, damaged: 0, torn: 0 })
    expect(stored).toBeGreaterThan(CUTS)
  })
})
