import { describe, expect, it } from 'vitest';
import { deliveryId } from './delivery.js';

describe('a delivery id', () => {
  const schedule = '0197b6a0-6d2f-7c31-9a41-d0a9fd9b1c55';
  const tick = new Date('2026-01-01T00:00:00Z');

  it('is a UUIDv5 that no release may change', () => {
    expect(deliveryId(schedule, tick)).toBe('9fa8123c-b29d-5e91-975f-f38d40a8463b');
  });

  it('differs by schedule and by tick', () => {
    const others = [deliveryId(schedule, new Date(tick.getTime() + 1)), deliveryId(schedule.replace('0', '1'), tick)];
    expect(new Set([deliveryId(schedule, tick), ...others]).size).toBe(3);
  });
});
