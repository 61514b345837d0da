import { describe, expect, it } from 'vitest'
import { codeUnder, type GlobalUse, globalUses, packageFolders } from './source-tree.js'

/** Time, chance and the rest of the machine: what core may only have through a contract. */
const SURROUNDINGS = new Set([
  'process',
  'global',
  'globalThis',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'queueMicrotask',
  'performance',
  'Date',
  'Math',
  'crypto',
  'Buffer',
])
const BY_CONTRACT = /^packages\/core\/src\/runtime\/system-[a-z]+\.ts$/

function told(uses: readonly GlobalUse[]): string[] {
  return uses.map(({ path, line, name }) => `${path}:${String(line)} uses ${name}`)
}

describe('core', () => {
  it('reads time, chance and the process only in runtime/system-*.ts', () => {
    const paths = codeUnder('packages/core/src').filter((path) => !BY_CONTRACT.test(path))
    expect(paths.length).toBeGreaterThan(40)
    expect(told(paths.flatMap((path) => globalUses(path, SURROUNDINGS)))).toEqual([])
  })

  it('has implementations of the clock and of chance that do read them', () => {
    const paths = codeUnder('packages/core/src').filter((path) => BY_CONTRACT.test(path))
    const names = new Set(
      paths.flatMap((path) => globalUses(path, SURROUNDINGS)).map(({ name }) => name),
    )
    expect([...names].sort()).toEqual([
      'Math',
      'clearImmediate',
      'clearTimeout',
      'performance',
      'process',
      'setImmediate',
      'setTimeout',
    ])
  })
})

describe('the wall clock', () => {
  /** Where a moment is shown to people, or stands in a header of a message; and certificates, which are valid by the calendar, are warned of. */
  const ALLOWED = [
    'packages/cli/src/logging/create-log.ts',
    'packages/cli/src/run/entry-layouts.ts',
    'packages/cli/src/run/run-node.ts',
    'packages/cli/src/running-node/follow-messages.ts',
    // Writes the time of its clock in the time zone of the process.
    'packages/framings/src/layout/stamp.ts',
    // Watches that a strategy does not ask for it.
    'packages/testing/src/compliance/reconnect-strategy.ts',
    'packages/transport-tcp/src/tls-options.ts',
  ]

  it('is read only for the calendar: it may jump, and durations are taken from another', () => {
    const paths = packageFolders().flatMap((folder) => codeUnder(`packages/${folder}/src`))
    const uses = paths.flatMap((path) => globalUses(path, new Set(['Date'])))
    expect([...new Set(uses.map(({ path }) => path))].sort()).toEqual(ALLOWED)
  })
})

describe('packages', () => {
  it('do not write to the console of their user; only the command line does', () => {
    const paths = packageFolders()
      .filter((folder) => folder !== 'cli')
      .flatMap((folder) => codeUnder(`packages/${folder}/src`))
    expect(told(paths.flatMap((path) => globalUses(path, new Set(['console']))))).toEqual([])
  })
})
