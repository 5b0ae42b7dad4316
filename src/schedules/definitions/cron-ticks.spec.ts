import { describe, expect, it } from 'vitest';
import { BoundedCache } from './bounded-cache.js';
import { DefinitionError, nextTick } from './definition.js';

function ticks(text: string, timeZone: string, after: string, count: number): (string | undefined)[] {
  let tick: Date | null = new Date(after);
  return Array.from({ length: count }, () => {
    tick = tick && nextTick({ kind: 'cron', text, timeZone }, tick);
    return tick?.toISOString().replace(':00.000Z', 'Z');
  });
}

describe('the next tick of a crontab', () => {
  it('is strictly after the instant asked for', () => {
    expect(ticks('0 12 * * *', 'UTC', '2026-01-01T11:59:59.999Z', 1)).toEqual(['2026-01-01T12:00Z']);
    expect(ticks('0 12 * * *', 'UTC', '2026-01-01T12:00:00.000Z', 1)).toEqual(['2026-01-02T12:00Z']);
  });

  it.each([
    [
      'both restricted: either is enough',
      '0 0 13 * 5',
      ['2026-03-06T00:00Z', '2026-03-13T00:00Z', '2026-03-20T00:00Z'],
    ],
    ['a date with a step begins with a star: both', '0 0 */2 * 1', ['2026-03-09T00:00Z', '2026-03-23T00:00Z']],
    ['a weekday with a step: both', '0 0 13 * */5', ['2026-03-13T00:00Z', '2026-09-13T00:00Z']],
    ['a full range is a restriction: either', '0 0 1-31 * 1', ['2026-03-02T00:00Z', '2026-03-03T00:00Z']],
  ])('follows Vixie in the two day fields, %s', (_, text, expected) => {
    expect(ticks(text, 'UTC', '2026-03-01T12:00:00Z', expected.length)).toEqual(expected);
  });

  it('finds 29 February across 2100, which is no leap year', () => {
    expect(ticks('0 0 29 2 *', 'UTC', '2096-02-29T00:00:00Z', 1)).toEqual(['2104-02-29T00:00Z']);
    expect(ticks('0 0 29 2 */7', 'UTC', '2089-01-01T00:00:00Z', 1)).toEqual(['2128-02-29T00:00Z']);
  });

  it('is none at the end of the calendar', () => {
    expect(ticks('* * * * *', 'UTC', '+275760-09-13T00:00:00.000Z', 1)).toEqual([undefined]);
    expect(ticks('* * * * *', 'Europe/Berlin', '2999-12-31T00:00:00Z', 1)).toEqual([undefined]);
  });

  it('is refused for an unknown zone and for no instant at all', () => {
    const mars = { kind: 'cron', text: '* * * * *', timeZone: 'Mars/Olympus' } as const;
    expect(() => nextTick(mars, new Date())).toThrow(new DefinitionError('unknown time zone "Mars/Olympus"'));
    expect(() => nextTick({ ...mars, timeZone: 'UTC' }, new Date(NaN))).toThrow(RangeError);
  });
});

describe('when the clock is put forward', () => {
  it.each([
    ['Europe/Berlin', '30 2 * * *', '2026-03-28T12:00Z', ['2026-03-29T01:00Z', '2026-03-30T00:30Z']],
    ['America/New_York', '30 2 * * *', '2026-03-07T12:00Z', ['2026-03-08T07:00Z', '2026-03-09T06:30Z']],
    ['Australia/Lord_Howe', '15 2 * * *', '2026-10-03T12:00Z', ['2026-10-03T15:30Z', '2026-10-04T15:15Z']],
    ['America/Nuuk', '30 23 * * *', '2026-03-28T12:00Z', ['2026-03-29T01:00Z', '2026-03-30T00:30Z']],
  ])('in %s, a fixed time in the gap fires once, at the first instant after it', (zone, text, after, expected) => {
    expect(ticks(text, zone, after, 2)).toEqual(expected);
  });

  it('several fixed times in one gap, and one at its end, are one tick', () => {
    expect(ticks('0,20,40 2,3 * * *', 'Europe/Berlin', '2026-03-28T12:00Z', 3)).toEqual([
      '2026-03-29T01:00Z',
      '2026-03-29T01:20Z',
      '2026-03-29T01:40Z',
    ]);
  });

  it('a wildcard follows elapsed time and has nothing to catch up', () => {
    expect(ticks('*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:00Z', 2)).toEqual([
      '2026-03-29T00:30Z',
      '2026-03-29T01:00Z',
    ]);
    expect(ticks('*/30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00Z', 1)).toEqual(['2026-03-30T00:00Z']);
  });
});

describe('when the clock is put back', () => {
  it.each([
    ['Europe/Berlin', '30 2 * * *', '2026-10-24T12:00Z', ['2026-10-25T00:30Z', '2026-10-26T01:30Z']],
    ['America/New_York', '30 1 * * *', '2026-10-31T12:00Z', ['2026-11-01T05:30Z', '2026-11-02T06:30Z']],
    ['Australia/Lord_Howe', '45 1 * * *', '2026-04-04T12:00Z', ['2026-04-04T14:45Z', '2026-04-05T15:15Z']],
  ])('in %s, a fixed time in the repeated hour fires the first time only', (zone, text, after, expected) => {
    expect(ticks(text, zone, after, 2)).toEqual(expected);
  });

  it('a wildcard minute runs through both hours, and both half hours', () => {
    expect(ticks('*/30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', 4)).toEqual(
      ['00:00', '00:30', '01:00', '01:30'].map((time) => `2026-10-25T${time}Z`),
    );
    expect(ticks('45 * * * *', 'Australia/Lord_Howe', '2026-04-04T14:00Z', 3)).toEqual(
      ['14:45', '15:15', '16:15'].map((time) => `2026-04-04T${time}Z`),
    );
  });
});

describe('the cache of compiled definitions', () => {
  it('keeps no more than its capacity, and nothing that failed', () => {
    const cache = new BoundedCache<number, string>(2);
    for (const n of [1, 2, 3]) cache.get(n, () => `made ${n}`);
    expect(() => cache.get(4, () => { throw new Error('no'); })).toThrow('no'); // prettier-ignore
    expect([cache.size, cache.get(3, () => 'again'), cache.get(1, () => 'again')]).toEqual([2, 'made 3', 'again']);
  });
});
