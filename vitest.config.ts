import { spawnSync } from 'node:child_process';
import { defineConfig } from 'vitest/config';

/** Programs that may be there, and the tests that use them. */
const OPTIONAL = {
  curl: 'test/deploy/with-curl.spec.ts',
  helm: 'test/deploy/with-helm.spec.ts',
  kubectl: 'test/deploy/with-kubectl.spec.ts',
};
const isMissing = (program: string) => spawnSync(program, ['--help']).error !== undefined;

export default defineConfig({
  test: {
    include: [
      'src/**/*.spec.ts',
      'test/deploy/**/*.spec.ts',
      'test/integration/**/*.spec.ts',
      'test/e2e/**/*.spec.ts',
      'test/faults/**/*.spec.ts',
    ],
    exclude: Object.entries(OPTIONAL).flatMap(([program, file]) => (isMissing(program) ? [file] : [])),
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 90_000,
    hookTimeout: 60_000,
    // Two cores: more files at once would only wait for each other.
    maxWorkers: 2,
  },
});
