import { describe, expect, it } from 'vitest';
import { EXPERIMENTS } from './experiments.js';
import { perform } from './library/perform.js';
import { isPassed, paragraphOf } from './library/report.js';

// They mostly wait (for leases to run out, for the next tick), each in a lab of its own: side by side they take as long
// as the longest. `npm run test:faults` runs them all, in full, one after another.
// Their own patience ends first, and then they say what happened.
const TIMEOUT_MS = 300_000;

describe.concurrent('short form of fault experiment', { timeout: TIMEOUT_MS }, () => {
  const short = EXPERIMENTS.filter(({ hasShortForm }) => hasShortForm);

  it.each(short.map((one) => [one.number, one.title, one] as const))('%i: %s', async (_number, _title, one) => {
    const result = await perform(one, 'short');

    expect(isPassed(result), paragraphOf(result)).toBe(true);
  });
});
