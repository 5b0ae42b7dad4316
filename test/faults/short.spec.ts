import { describe, expect, it } from 'vitest';
import { EXPERIMENTS } from './experiments.js';
import type { Experiment } from './library/experiment.js';
import { perform } from './library/perform.js';
import { isPassed, paragraphOf } from './library/report.js';

/** Their own patience ends before, and then they say what happened. */
const TIMEOUT_MS = 300_000;
/** A few run at a time. */
const LONGEST_FIRST = [12, 2, 1, 4];

// They mostly wait (for leases to run out, for the next tick), each in a lab of its own: side by side they take little
// longer than the longest. `npm run test:faults` runs them all, in full, one after another.
describe.concurrent('short form of fault experiment', { timeout: TIMEOUT_MS }, () => {
  const rank = ({ number }: Experiment) => LONGEST_FIRST.indexOf(number) + 1 || LONGEST_FIRST.length + number;
  const short = EXPERIMENTS.filter(({ hasShortForm }) => hasShortForm).sort((a, b) => rank(a) - rank(b));

  it.each(short.map((one) => [one.number, one.title, one] as const))('%i: %s', async (_number, _title, one) => {
    const result = await perform(one, 'short');

    expect(isPassed(result), paragraphOf(result)).toBe(true);
  });
});
