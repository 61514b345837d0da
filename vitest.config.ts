import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: ['packages/*', 'test'],
    // They wait for sockets and processes more than they compute: more at once than the two cores of a small machine.
    maxWorkers: 3,
    reporters: ['default', './counts-reporter.ts'],
    coverage: {
      provider: 'v8',
      // The rest runs in processes of its own, where nobody counts.
      include: ['packages/{core,codec-len16,transport-tcp}/src/**/*.ts'],
      reporter: ['text-summary', 'text'],
      reportOnFailure: true,
      thresholds: {
        'packages/core/src/**': { branches: 95 },
        'packages/codec-len16/src/**': { branches: 95 },
        'packages/transport-tcp/src/**': { branches: 95 },
      },
    },
  },
})
