import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LeasedDelivery } from './delivery.js';
import { DeliveryWindow, type Room } from './delivery-window.js';

const CONCURRENCY = 100;
const PER_ORIGIN = 20;

/** A database of deliveries that are due, by origin, which leases as the queue does: each origin up to its room. */
class Backlog {
  private readonly waiting = new Map<number, number>();

  constructor(counts: Record<number, number>) {
    for (const [id, count] of Object.entries(counts)) this.waiting.set(Number(id), count);
  }

  leaseTo(window: DeliveryWindow, room: Room = window.room()): LeasedDelivery[] {
    const ready = [...this.waiting].filter(([, count]) => count > 0);
    const leased = ready.flatMap(([originId, count]) => {
      const taken = Math.min(count, room.ofOrigin.get(originId) ?? room.ofOthers);
      return Array.from({ length: taken }, () => aDelivery(originId));
    });
    const deliveries = leased.slice(0, room.total);
    for (const { originId } of deliveries) this.waiting.set(originId, (this.waiting.get(originId) ?? 0) - 1);
    window.hold(deliveries, room, ready.length);
    return deliveries;
  }
}

let serial = 0;
function aDelivery(originId: number): LeasedDelivery {
  serial += 1;
  const key = { id: `delivery-${serial}`, scheduleId: `schedule-${serial}`, tick: new Date(0) };
  return { ...key, scheduledFor: '1970-01-01 00:00:00+00', originId, attempt: 1, attemptsBefore: 0, requeuedAt: null };
}

const aWindow = () => new DeliveryWindow(CONCURRENCY, PER_ORIGIN);

const originsOf = (deliveries: LeasedDelivery[]) => {
  const counts = Map.groupBy(deliveries, ({ originId }) => originId);
  return Object.fromEntries([...counts].map(([id, of]) => [id, of.length]));
};

/** Leases, starts and ends until nothing more can start. @returns all that were started */
function runFor(rounds: number, window: DeliveryWindow, backlog: Backlog, isAnswered: (originId: number) => boolean) {
  const started: LeasedDelivery[] = [];
  for (let round = 0; round < rounds; round++) {
    backlog.leaseTo(window);
    const batch = window.takeStartable();
    started.push(...batch);
    for (const delivery of batch.filter(({ originId }) => isAnswered(originId))) window.end(delivery, true, 5);
  }
  return started;
}

describe('the window of a worker', () => {
  it('begins with ten places for an origin', () => {
    const window = aWindow();
    new Backlog({ 1: 1000 }).leaseTo(window);

    expect(window.takeStartable()).toHaveLength(10);
    expect(window.takeStartable()).toEqual([]);
  });

  it('gives an origin one more place for each answer, up to its limit', () => {
    const window = aWindow();
    const backlog = new Backlog({ 1: 1000 });
    runFor(5, window, backlog, () => true);
    backlog.leaseTo(window);

    expect(window.takeStartable()).toHaveLength(PER_ORIGIN);
  });

  it('leases ahead for an origin that answers fast, and not for one that takes long', () => {
    const fast = aWindow();
    const slow = aWindow();
    for (const [window, durationMs] of [
      [fast, 2],
      [slow, 2_000],
    ] as const) {
      new Backlog({ 1: 10 }).leaseTo(window);
      const started = window.takeStartable();
      for (const delivery of started.slice(1)) window.end(delivery, true, durationMs);
    }

    // Of ten, one is in flight, and nine answers have made 19 places of 10.
    expect(slow.room().ofOrigin.get(1)).toBe(18);
    expect(fast.room().ofOrigin.get(1)).toBeGreaterThan(18 + 100);
  });

  it('takes what is leased in turn between origins, so that a herd of one leaves room for the others', () => {
    const window = aWindow();
    const backlog = new Backlog({ 1: 1000, 2: 3, 3: 3 });
    backlog.leaseTo(window);

    const started = window.takeStartable();

    expect(originsOf(started)).toEqual({ 1: 10, 2: 3, 3: 3 });
    expect(started.slice(0, 3).map(({ originId }) => originId)).toEqual([1, 2, 3]);
  });

  it('lets endpoints that hang fill a part of it only, and goes on with those that answer', () => {
    const window = aWindow();
    const hanging = [1, 2, 3, 4, 5];
    const backlog = new Backlog({ 1: 100, 2: 100, 3: 100, 4: 100, 5: 100, 6: 500 });

    const started = runFor(30, window, backlog, (originId) => !hanging.includes(originId));

    expect(originsOf(started)).toMatchObject({ 1: 10, 2: 10, 3: 10, 4: 10, 5: 10, 6: 500 });
  });

  it('falls back to the first places when an origin does not answer', () => {
    const window = aWindow();
    const backlog = new Backlog({ 1: 1000 });
    runFor(5, window, backlog, () => true);
    backlog.leaseTo(window);
    const started = window.takeStartable();
    for (const delivery of started) window.end(delivery, false, 30_000);
    backlog.leaseTo(window);

    expect(window.takeStartable()).toHaveLength(10);
  });

  it('gives back what waits, of one origin or of all, and knows nothing of it any more', () => {
    const window = aWindow();
    const backlog = new Backlog({ 1: 30, 2: 30 });
    runFor(2, window, backlog, () => true);
    backlog.leaseTo(window);

    const ofOne = window.release(1);
    expect(ofOne.every(({ originId }) => originId === 1)).toBe(true);
    expect(window.release(1)).toEqual([]);
    window.release();
    expect(window.takeStartable()).toEqual([]);
    expect(window.isWorthLeasing).toBe(false);
  });

  it('does not ask again for origins that gave less than they were asked for', () => {
    const window = aWindow();
    new Backlog({ 1: 5 }).leaseTo(window);

    expect(window.isWorthLeasing).toBe(false);
  });

  it('never has more in flight than it may, of an origin and in all, and loses nothing, whatever happens', () => {
    const step = fc.record({ ends: fc.nat(30), isAnswered: fc.boolean(), durationMs: fc.nat(1000) });
    fc.assert(
      fc.property(
        fc.dictionary(fc.integer({ min: 1, max: 9 }).map(String), fc.integer({ min: 1, max: 300 }), { minKeys: 1 }),
        fc.array(step, { maxLength: 60 }),
        (counts, steps) => {
          const window = aWindow();
          const backlog = new Backlog(counts);
          const leased = new Set<LeasedDelivery>();
          const inFlight: LeasedDelivery[] = [];
          for (const { ends, isAnswered, durationMs } of steps) {
            for (const delivery of backlog.leaseTo(window)) leased.add(delivery);
            const batch = window.takeStartable();
            for (const delivery of batch) expect(leased.delete(delivery)).toBe(true);
            inFlight.push(...batch);
            expect(inFlight.length).toBeLessThanOrEqual(CONCURRENCY);
            for (const count of Object.values(originsOf(inFlight))) expect(count).toBeLessThanOrEqual(PER_ORIGIN);
            for (const delivery of inFlight.splice(0, ends)) window.end(delivery, isAnswered, durationMs);
          }
          expect(new Set(window.release())).toEqual(leased);
        },
      ),
    );
  });
});
