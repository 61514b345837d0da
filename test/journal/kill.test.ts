import { describe, expect, it } from 'vitest'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'
import { AppenderRounds } from './appender-rounds.js'

removeTestFoldersAfterEach()

const ROUNDS = 40

describe('a process that is killed while it appends to a journal', () => {
  it(
    'finds everything that it has reported as stored, and callbacks as a whole',
    { timeout: 300_000 },
    async () => {
      const rounds = new AppenderRounds(testFolder())
      for (let round = 0; round < ROUNDS; round++) {
        await rounds.round(1 + ((round * 97) % 1_500), (child) => {
          child.kill('SIGKILL')
        })
      }
      const { stored, ...rest } = rounds.result
      expect(rest).toEqual({ rounds: ROUNDS, lost: 0, damaged: 0, torn: 0 })
      expect(stored).toBeGreaterThan(ROUNDS)
    },
  )
})
