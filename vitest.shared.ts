import { defineConfig } from 'vitest/config'

// Tests run on the sources, so that they need no build and coverage points at what was written.
const conditions = ['@commloop/source', 'module', 'node', 'development|production']

export default defineConfig({
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  resolve: { conditions },
  ssr: {
    resolve: {
      conditions,
      externalConditions: ['@commloop/source', 'node', 'import', 'default'],
    },
  },
  test: {
    setupFiles: ['reflect-metadata'],
    environment: 'node',
    pool: 'forks',
    // A property with thousands of rounds takes its time where other programs run beside it.
    testTimeout: 30_000,
  },
})
