import { describe, expect, it } from 'vitest'
import { codeUnder, globalUses, textOf } from './source-tree.js'

const CODE = codeUnder('packages/cli/src')

/** The files whose code, without comments, has a match. */
function filesWith(pattern: RegExp): string[] {
  return CODE.filter((path) =>
    pattern.test(textOf(path).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')),
  ).map((path) => path.replace('packages/cli/src/', ''))
}

describe('the output of the command', () => {
  it('goes to stdout and stderr only through TextOutput, which main.ts makes', () => {
    expect(filesWith(/(?<!\.)\bprocess\.(stdout|stderr)\b/)).toEqual(['main.ts'])
    expect(filesWith(/\bnew TextOutput\b/)).toEqual(['main.ts'])
    expect(CODE.flatMap((path) => globalUses(path, new Set(['console'])))).toEqual([])
  })

  it('uses the stream itself only to draw, to write for a program, and to wait for a slow reader', () => {
    expect(filesWith(/\b(stdout|stderr|this)\.raw\b/)).toEqual([
      'commands/run.ts',
      'demo/run-demo.ts',
      'running-node/follow-messages.ts',
      'running-node/top.ts',
      'terminal/text-output.ts',
    ])
    expect(filesWith(/\.raw\.write|\bwriteSync\b|\bcreateWriteStream\b/)).toEqual([
      'terminal/text-output.ts',
    ])
  })
})
