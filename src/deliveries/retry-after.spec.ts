import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_RETRY_AFTER_SECONDS, retryAfterSeconds } from './retry-after.js';

const NOW = new Date('2026-01-01T00:00:00Z');

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['120', 120],
    [' 7 ', 7],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['999999999999999999999', MAX_RETRY_AFTER_SECONDS],
    ['Fri, 01 Jan 2100 00:00:00 GMT', MAX_RETRY_AFTER_SECONDS],
  ])('of %j is read as %i seconds', (header, seconds) => {
    expect(retryAfterSeconds(header, NOW)).toBe(seconds);
  });

  it.each([undefined, '', '-5', '9e99', '1.5', 'soon', '2026-01-01', 'NaN'])('of %j is passed over', (header) => {
    expect(retryAfterSeconds(header, NOW)).toBeNull();
  });

  it('never gives a wait out of bounds, whatever is sent', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        const seconds = retryAfterSeconds(header, NOW) ?? 0;
        expect(seconds).toBeGreaterThanOrEqual(0);
        expect(seconds).toBeLessThanOrEqual(MAX_RETRY_AFTER_SECONDS);
      }),
    );
  });
});
