import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'src/**/*.spec.ts',
      'test/deploy/**/*.spec.ts',
      'test/integration/**/*.spec.ts',
      'test/e2e/**/*.spec.ts',
      'test/faults/**/*.spec.ts',
    ],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 90_000,
    hookTimeout: 60_000,
    // Two cores: more files at once would only wait for each other.
    maxWorkers: 2,
  },
});
