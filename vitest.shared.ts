import { defineConfig } from 'vitest/config'

// Tests run on the sources, so that they need no build and coverage refers to the sources.
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
    // A property test with thousands of rounds takes long on a busy machine.
    testTimeout: 30_000,
  },
})
