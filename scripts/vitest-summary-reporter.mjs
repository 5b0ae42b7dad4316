import { writeFileSync } from 'node:fs';

/**
 * Counts what the runner has run into the file that TEST_SUMMARY_FILE names. What could not be run counts as failed: a
 * file that does not load, a suite whose hooks throw, an error that no test caught.
 */
export default class SummaryReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed++;
      for (const suite of module.children.allSuites()) if (suite.errors().length > 0) counts.failed++;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        counts[state === 'pending' ? 'failed' : state]++;
      }
    }
    writeFileSync(process.env.TEST_SUMMARY_FILE, JSON.stringify(counts));
  }
}
