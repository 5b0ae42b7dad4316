import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main, run } from './run.mjs';
import { nodeProgram, setup } from './setup.mjs';

const VITEST = join('node_modules', 'vitest', 'vitest.mjs');
const REPORTERS = ['--reporter=default', '--reporter=./scripts/vitest-summary-reporter.mjs'];

/** Runs the tests, all or those that the arguments name. The last line of the output is the count. */
await main(async () => {
  await setup();
  const folder = mkdtempSync(join(tmpdir(), 'seed-test-'));
  try {
    const summaryFile = join(folder, 'summary.json');
    const env = { ...process.env, TEST_SUMMARY_FILE: summaryFile };
    const code = await run(nodeProgram(), [VITEST, 'run', ...REPORTERS, ...process.argv.slice(2)], { env });
    const { passed, failed, skipped } = readSummary(summaryFile);
    console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
    return code === 0 && (failed > 0 || passed === 0) ? 1 : code;
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function readSummary(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // The runner itself broke down.
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
