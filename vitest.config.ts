import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: ['packages/*', 'test'],
    // They wait for sockets and processes more than they compute: more at once than the two cores of a small machine.
    maxWorkers: 3,
    reporters: ['default', './counts-reporter.ts'],
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      reporter: ['text-summary', 'text'],
    },
  },
})
