import { describe, expect, it } from 'vitest';
import { expiredPartitions, partitionsAhead } from './partitions.js';

describe('the daily partitions', () => {
  it('reach from yesterday to three days ahead without a gap', () => {
    const partitions = partitionsAhead(new Date('2026-02-27T23:59:59.999Z'));
    expect(partitions.map(({ name }) => name)).toEqual(
      ['20260226', '20260227', '20260228', '20260301', '20260302'].map((day) => `attempts_${day}`),
    );
    for (const [i, { from }] of partitions.entries()) if (i > 0) expect(from).toBe(partitions[i - 1]?.to);
  });

  it('expire when their whole day is older than the retention time', () => {
    const names = ['attempts_20260101', 'attempts_20260102', 'attempts_20260103'];
    expect(expiredPartitions(names, new Date('2026-01-03T00:00:00Z'), 1)).toEqual(['attempts_20260101']);
    expect(expiredPartitions(names, new Date('2026-01-02T23:59:59Z'), 1)).toEqual([]);
  });
});
