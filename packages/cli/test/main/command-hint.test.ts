import { describe, expect, it } from 'vitest'
import { commandHint } from '../../src/command-line/command-hint.js'
import { endCliProcessesAfterEach, runCli } from '@commloop/test-support/cli-process'

endCliProcessesAfterEach()

/** Commands of other daemons, and their names here. */
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
  it.each(OTHER_WORDS)('suggests the name of %s here: %s', (word, meant) => {
    expect(commandHint(word, [])).toBe(`\n(Did you mean ${meant}?)`)
  })

  it('suggests existing commands only', async () => {
    const { stdout } = await runCli(['--help'])
    for (const [, meant] of OTHER_WORDS) expect(stdout).toMatch(new RegExp(`^  ${meant} `, 'm'))
  })

  it('suggests a signal for stop', () => {
    expect(commandHint('stop', ['top'])).toContain('kill -TERM')
  })

  it.each(['constructor', 'toString', '__proto__', 'what-is-this'])('is empty for %s', (word) => {
    expect(commandHint(word, ['run', 'status'])).toBe('')
  })

  it('suggests the nearest command for a typo', () => {
    expect(commandHint('statsu', ['run', 'status'])).toBe('\n(Did you mean status?)')
  })
})
