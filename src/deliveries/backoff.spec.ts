import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffSeconds, MAX_BACKOFF_SECONDS } from './backoff.js';

describe('the backoff', () => {
  it('grows from two seconds to an hour', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7].map((attempt) => backoffSeconds(attempt, () => 0));
    expect(delays).toEqual([2, 12, 72, 432, 2592, 3600, 3600]);
  });

  it('is never shorter after one more attempt, and stays within its bounds, whatever the jitter', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, random) => {
          const delay = backoffSeconds(attempt, () => random);
          expect(delay).toBeGreaterThanOrEqual(2);
          expect(delay).toBeLessThan(MAX_BACKOFF_SECONDS + 20);
          expect(backoffSeconds(attempt + 1, () => random)).toBeGreaterThanOrEqual(delay);
        },
      ),
    );
  });
});
