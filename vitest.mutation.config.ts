import { fileURLToPath } from 'node:url'
import { defineConfig, mergeConfig } from 'vitest/config'
import shared from './vitest.shared.js'

/** Mutants are in a copy of the tree, so its own sources must be tested, not the packages that npm has linked. */
function sourceOf(path: string): string {
  return fileURLToPath(new URL(`packages/${path}`, import.meta.url))
}

/** The test files; `MUTATION_TESTS` names fewer of them, separated by commas, to test a source file faster. */
const TESTS = process.env['MUTATION_TESTS']?.split(',') ?? [
  'packages/core/test/**/*.test.ts',
  'packages/codec-len16/test/**/*.test.ts',
  'test/node/**/*.test.ts',
  'test/robustness/{duplicates,heartbeats,hostile-*,long-delays,transport-errors}.test.ts',
  'test/simulation/{found-defects,noise}.test.ts',
]

/** Runs the tests that need neither a process nor a socket, so that each mutant takes seconds. */
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
      // All test files share the loaded modules, because loading them takes ten times as long as the tests.
      isolate: false,
      setupFiles: ['./vitest.mutation.setup.ts'],
      include: TESTS,
    },
  }),
)
