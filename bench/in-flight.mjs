import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

/** Calls `send(0)` to `send(count - 1)`, so many of them at a time. */
export async function inFlight(count, atOnce, send) {
  let next = 0;
  const lane = async () => {
    while (next < count) await send(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, lane));
}

/** @returns how long each call took, in milliseconds; one call after the other */
export async function timed(count, send) {
  const durations = [];
  for (let index = 0; index < count; index++) {
    const start = performance.now();
    await send(index);
    durations.push(performance.now() - start);
  }
  return durations;
}

/**
 * Calls at a fixed rate, whether or not earlier calls have ended, until it is stopped. Each latency counts from the
 * instant at which the call was due, so that a server which stalls is not excused from the calls it held up.
 */
export function atRate(perSecond, send) {
  const latencies = [];
  const pending = new Set();
  let isStopped = false;
  let failures = 0;
  const start = performance.now();
  const loop = (async () => {
    for (let index = 0; !isStopped; index++) {
      const due = start + (index * 1000) / perSecond;
      await delay(Math.max(0, due - performance.now()));
      const call = send(index)
        .catch(() => failures++)
        .finally(() => {
          latencies.push(performance.now() - due);
          pending.delete(call);
        });
      pending.add(call);
    }
  })();
  return {
    /** @returns {Promise<{ latencies: number[], failures: number }>} when all calls have ended */
    async stop() {
      isStopped = true;
      await loop;
      await Promise.all(pending);
      return { latencies, failures };
    },
  };
}
