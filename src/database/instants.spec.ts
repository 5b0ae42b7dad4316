import { describe, expect, it } from 'vitest';
import { EARLIEST_INSTANT, isExactInstant, LATEST_INSTANT, parseInstant, RESULT_TYPES } from './instants.js';

describe('an instant of the database', () => {
  it.each([
    ['2026-01-02 03:04:05.678901+00', '2026-01-02T03:04:05.678Z'],
    ['0044-03-15 00:00:00+00 BC', '-000043-03-15T00:00:00.000Z'],
    ['12026-01-01 00:00:00+00', '+012026-01-01T00:00:00.000Z'],
  ])('is read to the millisecond: %s', (text, iso) => {
    expect(parseInstant(text).toISOString()).toBe(iso);
    expect(isExactInstant(parseInstant(text))).toBe(true);
  });

  it.each([
    ['infinity', LATEST_INSTANT],
    ['294276-12-31 23:59:59.999999+00', LATEST_INSTANT],
    ['-infinity', EARLIEST_INSTANT],
  ])('beyond the range of Date is the end of it: %s', (text, end) => {
    expect(parseInstant(text)).toEqual(end);
    expect(isExactInstant(parseInstant(text))).toBe(false);
  });

  it('is a valid Date within an array too, and null stays null', () => {
    const parse = RESULT_TYPES.getTypeParser(1185);
    const dates = parse('{infinity,NULL,"2026-01-02 03:04:05+00"}');
    expect(dates).toEqual([LATEST_INSTANT, null, new Date('2026-01-02T03:04:05Z')]);
  });

  it('that is none is an error', () => {
    expect(() => parseInstant('yesterday')).toThrow('"yesterday"');
  });
});
