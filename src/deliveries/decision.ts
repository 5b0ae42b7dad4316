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
 * | none: the request could not be made of what is stored | failed |
 * | any other status (redirects are not followed), or none | retry after the backoff, or `Retry-After` if that is longer; failed after the last attempt |
 *
 * @param attempt attempts made so far, from 1
 */
export function decide(
  result: Pick<AttemptResult, 'status' | 'error' | 'retryAfterSeconds'>,
  attempt: number,
  maxAttempts: number,
  random: () => number,
): Decision {
  const { status, error, retryAfterSeconds } = result;
  if (status !== null && status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === GONE || error === 'invalid_request' || attempt >= maxAttempts) return { kind: 'failed' };
  return { kind: 'retry', inSeconds: Math.max(backoffSeconds(attempt, random), retryAfterSeconds ?? 0) };
}

/** Errors of attempts that sent nothing. */
const UNSENT = ['address_refused', 'invalid_request', 'internal_error'];

/** Whether an attempt says anything of its origin: one that sent nothing does not. */
export function isTelling({ error }: Pick<AttemptResult, 'error'>): boolean {
  return error === null || !UNSENT.includes(error);
}

/** Whether the origin as a whole works: any answer says so, but 5xx and 429. A 404 is one endpoint's own fault. */
export function isAlive({ status }: Pick<AttemptResult, 'status'>): boolean {
  return status !== null && status < 500 && status !== TOO_MANY_REQUESTS;
}
