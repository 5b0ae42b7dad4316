import { backoffSeconds } from './backoff.js';

/** What came of one POST. */
export interface AttemptResult {
  /** reading of the monotonic clock, in milliseconds: performance.now() */
  startedAtMs: number;
  durationMs: number;
  /** the answer's status, or null when none came */
  status: number | null;
  /** why no status came: a stable class such as `timeout` or `connection_error`; null with a status */
  error: string | null;
  /** the start of what the receiver, or the error, said */
  excerpt: string | null;
  /** seconds that the receiver asked to wait; null when it did not */
  retryAfterSeconds: number | null;
  /** the connection of the request was found closed, and the request sent once more over a new one */
  isResent?: boolean;
}

export type Decision = { kind: 'delivered' } | { kind: 'retry'; inSeconds: number } | { kind: 'failed' };

/** The receiver says that nobody will ever be there again: the one answer that is not tried again. */
const GONE = 410;
const TOO_MANY_REQUESTS = 429;

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
  random: () => number,
): Decision {
  const { status, retryAfterSeconds } = result;
  if (status !== null && status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === GONE || attempt >= maxAttempts) return { kind: 'failed' };
  return { kind: 'retry', inSeconds: Math.max(backoffSeconds(attempt, random), retryAfterSeconds ?? 0) };
}

/** Whether an attempt says anything of its origin: one to a refused address never went there. */
export function isTelling({ error }: Pick<AttemptResult, 'error'>): boolean {
  return error !== 'address_refused';
}

/** Whether the origin as a whole works: any answer says so, but 5xx and 429. A 404 is one endpoint's own fault. */
export function isAlive({ status }: Pick<AttemptResult, 'status'>): boolean {
  return status !== null && status < 500 && status !== TOO_MANY_REQUESTS;
}
