const BASE_SECONDS = 2;
const FACTOR = 6;
/** Seconds; the longest delay, jitter aside. */
export const MAX_BACKOFF_SECONDS = 3_600;
const MAX_JITTER_SECONDS = 20;

/**
 * The delay before attempt `attempt + 1`: 2 s, 12 s, 72 s, 7 min, 43 min, then an hour each, plus jitter. The five
 * delays of the default six attempts outlast an outage of 50 minutes.
 *
 * @param attempt attempts made so far, from 1
 * @param random uniform in [0, 1), injected so that tests can pin it
 * @returns seconds, at most MAX_BACKOFF_SECONDS plus 20 s of jitter
 */
export function backoffSeconds(attempt: number, random: () => number): number {
  const delay = Math.min(MAX_BACKOFF_SECONDS, BASE_SECONDS * FACTOR ** Math.min(attempt - 1, 10));
  return delay + random() * Math.min(MAX_JITTER_SECONDS, delay / 4);
}
