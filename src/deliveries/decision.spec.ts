import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, isAlive, isTelling } from './decision.js';

const decideOn = (status: number | null, attempt = 1, retryAfterSeconds: number | null = null) =>
  decide({ status, error: null, retryAfterSeconds }, attempt, 6, () => 0);

describe('the decision after an attempt', () => {
  it.each([200, 201, 204, 299])('takes %i for delivered, even on the last attempt', (status) => {
    expect(decideOn(status, 6)).toEqual({ kind: 'delivered' });
  });

  it.each([null, 100, 199, 300, 301, 302, 400, 401, 403, 404, 408, 429, 500, 503, 599])('tries %s again', (status) => {
    expect(decideOn(status)).toEqual({ kind: 'retry', inSeconds: 2 });
    expect(decideOn(status, 5).kind).toBe('retry');
    expect(decideOn(status, 6)).toEqual({ kind: 'failed' });
  });

  it('gives up at once when the receiver is gone for good', () => {
    expect(decideOn(410)).toEqual({ kind: 'failed' });
  });

  it('gives up at once when no request can be made of what is stored, not after a fault of the service', () => {
    const decideOnError = (error: string) => decide({ status: null, error, retryAfterSeconds: null }, 1, 6, () => 0);
    expect(decideOnError('invalid_request')).toEqual({ kind: 'failed' });
    expect(decideOnError('internal_error')).toEqual({ kind: 'retry', inSeconds: 2 });
  });

  it('waits for Retry-After when that is longer than the backoff', () => {
    expect(decideOn(503, 1, 30)).toEqual({ kind: 'retry', inSeconds: 30 });
    expect(decideOn(503, 1, 0)).toEqual({ kind: 'retry', inSeconds: 2 });
  });

  it('never tries again beyond the last attempt', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 6, max: 50 }), (status, attempt) => {
        expect(decideOn(status, attempt).kind).not.toBe('retry');
      }),
    );
  });
});

describe('an answer', () => {
  it.each([200, 302, 404, 410, 499])('of %i says that the origin works', (status) => {
    expect(isAlive({ status })).toBe(true);
  });

  it.each([429, 500, 503, 599, null])('of %s says that it does not', (status) => {
    expect(isAlive({ status })).toBe(false);
  });
});

describe('an attempt that was refused here', () => {
  it('says nothing of the origin, unlike one that got no answer', () => {
    const unsent = ['address_refused', 'invalid_request', 'internal_error'];
    expect(unsent.map((error) => isTelling({ error }))).toEqual([false, false, false]);
    expect([null, 'timeout', 'connection_error'].map((error) => isTelling({ error }))).toEqual([true, true, true]);
  });
});
