import type { ThrottlerStorage } from '@nestjs/throttler';
import { WindowCounters } from './window-counters.js';

/** Keys that are counted for a throttler at the same time; about 2 MB of memory. */
export const MAX_THROTTLED_KEYS = 10_000;

type Answer = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/**
 * Where @nestjs/throttler counts, in the memory of this replica. Its own storage keeps an entry for each request and
 * each address until a sweep: who has many addresses could fill the memory. Here throttlers have counters apart, so that
 * what one is flooded with makes no other forget.
 */
export class BoundedThrottlerStorage implements ThrottlerStorage {
  private readonly counters = new Map<string, WindowCounters>();

  /** Called by ThrottlerGuard for each request. */
  increment(key: string, ttl: number, limit: number, _blockDuration: number, throttler: string): Promise<Answer> {
    const { hits, endsInMs } = this.of(throttler).hit(key, ttl);
    const seconds = Math.ceil(endsInMs / 1000);
    const isBlocked = hits > limit;
    return Promise.resolve({
      totalHits: hits,
      timeToExpire: seconds,
      isBlocked,
      timeToBlockExpire: isBlocked ? seconds : 0,
    });
  }

  /** The counters of one throttler. */
  of(throttler: string): WindowCounters {
    const known = this.counters.get(throttler);
    if (known) return known;
    const made = new WindowCounters(MAX_THROTTLED_KEYS);
    this.counters.set(throttler, made);
    return made;
  }
}
