import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: ['packages/*', 'test'],
    // More workers than the two CPUs of a small machine, because the tests mostly wait for sockets and processes.
    maxWorkers: 3,
    reporters: ['default', './counts-reporter.ts'],
    coverage: {
      provider: 'v8',
      // The other packages run in separate processes, where coverage is not collected.
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
