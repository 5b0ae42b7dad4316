import { describe, expect, it } from 'vitest';
import { WindowCounters } from './window-counters.js';

const MINUTE_MS = 60_000;

function someCounters(maxKeys = 10) {
  const clock = { ms: 0 };
  return { clock, counters: new WindowCounters(maxKeys, () => clock.ms) };
}

describe('counting in windows', () => {
  it('adds up until the window of the first event ends, and begins anew then', () => {
    const { counters, clock } = someCounters();
    counters.hit('a', MINUTE_MS);
    clock.ms = 59_999;
    expect(counters.hit('a', MINUTE_MS)).toEqual({ hits: 2, endsInMs: 1 });
    expect(counters.peek('a')).toEqual({ hits: 2, endsInMs: 1 });
    clock.ms = 60_000;
    expect(counters.peek('a').hits).toBe(0);
    expect(counters.hit('a', MINUTE_MS)).toEqual({ hits: 1, endsInMs: MINUTE_MS });
  });

  it('keeps keys apart', () => {
    const { counters } = someCounters();
    counters.hit('a', MINUTE_MS);
    expect(counters.peek('b').hits).toBe(0);
  });

  it('of a million keys keeps no more than its bound: those whose windows began last', () => {
    const { counters, clock } = someCounters(1000);
    for (let i = 0; i < 1_000_000; i++) {
      clock.ms = i / 1000;
      counters.hit(`key ${i}`, MINUTE_MS);
    }
    expect(counters.size).toBe(1000);
    expect(counters.peek('key 999000').hits).toBe(1);
    expect(counters.peek('key 998999').hits).toBe(0);
  });

  it('of a flood of keys forgets no key whose window began later', () => {
    const { counters, clock } = someCounters(3);
    counters.hit('old', 10);
    counters.hit('x', MINUTE_MS);
    clock.ms = 11;
    counters.hit('old', MINUTE_MS);
    counters.hit('y', MINUTE_MS);
    counters.hit('z', MINUTE_MS);
    expect(['old', 'x', 'y', 'z'].map((key) => counters.peek(key).hits)).toEqual([1, 0, 1, 1]);
  });
});
