import { backoffSeconds } from './backoff.js';

/** What came of one POST. */
export interface AttemptResult {
  startedAt: Date;
  durationMs: number;
  /** the answer's status, or null when none came */
  status: number | null;
  /** why no status came: a stable class such as `timeout` or `connection_error`; null with a status */
  error: string | null;
  /** the start of what the receiver, or the error, said */
  excerpt: string | null;
  /** seconds that the receiver asked to wait; null when it did not */
  retryAfterSeconds: number | null;
}

export type Decision = { kind: 'delivered' } | { kind: 'retry'; at: Date } | { kind: 'failed' };

/** The receiver says that nobody will ever be there again: the one answer that is not tried again. */
const GONE = 410;

/**
 * What to do after an attempt.
 *
 * | answer | decision |
 * |---|---|
 * | 2xx | delivered |
 * | 410 | failed |
 * | any other status (redirects are not followed), or none | retry after the backoff, or `Retry-After` if that is longer; failed after the last attempt |
 *
 * @param attempt attempts made so far, from 1
 */
export function decide(
  result: Pick<AttemptResult, 'status' | 'retryAfterSeconds'>,
  attempt: number,
  maxAttempts: number,
  now: Date,
  random: () => number,
): Decision {
  const { status, retryAfterSeconds } = result;
  if (status !== null && status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === GONE || attempt >= maxAttempts) return { kind: 'failed' };
  const seconds = Math.max(backoffSeconds(attempt, random), retryAfterSeconds ?? 0);
  return { kind: 'retry', at: new Date(now.getTime() + seconds * 1000) };
}
