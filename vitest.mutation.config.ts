import { fileURLToPath } from 'node:url'
import { defineConfig, mergeConfig } from 'vitest/config'
import shared from './vitest.shared.js'

/** Mutants are in a copy of the tree: its own sources are to be tested, not the packages as npm has linked them. */
function sourceOf(path: string): string {
  return fileURLToPath(new URL(`packages/${path}`, import.meta.url))
}

/** Fewer may be named, parted by commas: one file of sources is judged sooner by the tests that are about it. */
const JUDGES = process.env['MUTATION_TESTS']?.split(',') ?? [
  'packages/core/test/**/*.test.ts',
  'packages/codec-len16/test/**/*.test.ts',
  'test/node/**/*.test.ts',
  'test/robustness/{duplicates,heartbeats,hostile-*,long-delays,transport-errors}.test.ts',
  'test/simulation/{found-defects,noise}.test.ts',
]

/** The tests that judge mutants: those that need no process and no socket, so that a run of them takes seconds. */
export default mergeConfig(
  shared,
  defineConfig({
    resolve: {
      alias: {
        '@commloop/core': sourceOf('core/src/index.ts'),
        '@commloop/codec-len16': sourceOf('codec-len16/src/index.ts'),
        '@commloop/testing/compliance': sourceOf('testing/src/compliance/index.ts'),
        '@commloop/testing': sourceOf('testing/src/index.ts'),
      },
    },
    test: {
      // One set of modules for all files of a run: loading them anew takes ten times as long as the tests do.
      isolate: false,
      setupFiles: ['./vitest.mutation.setup.ts'],
      include: JUDGES,
    },
  }),
)
