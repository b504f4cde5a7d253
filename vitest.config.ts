import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Temporal's runtime is one for each process, so test files cannot share one as threads.
    pool: 'forks',
    maxWorkers: 2,
    // Whole products run in some tests, on machines that are busy: these only end what hangs.
    testTimeout: 90_000,
    hookTimeout: 90_000,
    teardownTimeout: 20_000,
  },
})
