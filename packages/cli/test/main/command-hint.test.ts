import { describe, expect, it } from 'vitest'
import { commandHint } from '../../src/command-line/command-hint.js'
import { endCliProcessesAfterEach, runCli } from '@commloop/test-support/cli-process'

endCliProcessesAfterEach()

/** Words of other daemons, and what is meant by them here. */
const OTHER_WORDS = [
  ['start', 'run'],
  ['serve', 'run'],
  ['up', 'run'],
  ['ps', 'status'],
  ['list', 'status'],
  ['ls', 'status'],
  ['validate', 'check'],
  ['config', 'check'],
  ['logs', 'tail'],
  ['connect', 'dial'],
  ['disconnect', 'close'],
  ['restart', 'reload'],
] as const

describe('the hint about an unknown command', () => {
  it.each(OTHER_WORDS)('says for %s what it is called here: %s', (word, meant) => {
    expect(commandHint(word, [])).toBe(`\n(Did you mean ${meant}?)`)
  })

  it('names commands that there are', async () => {
    const { stdout } = await runCli(['--help'])
    for (const [, meant] of OTHER_WORDS) expect(stdout).toMatch(new RegExp(`^  ${meant} `, 'm'))
  })

  it('says for stop that a signal does it', () => {
    expect(commandHint('stop', ['top'])).toContain('kill -TERM')
  })

  it.each(['constructor', 'toString', '__proto__', 'what-is-this'])('has none for %s', (word) => {
    expect(commandHint(word, ['run', 'status'])).toBe('')
  })

  it('is the nearest command, for a slip of the finger', () => {
    expect(commandHint('statsu', ['run', 'status'])).toBe('\n(Did you mean status?)')
  })
})
