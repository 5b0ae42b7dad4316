import { describe, expect, it } from 'vitest';
import { failureReason } from './failure-reason.js';

describe('the reason of a failure', () => {
  it.each([
    [500, null, 'The endpoint responded with 500 Internal Server Error.'],
    [404, null, 'The endpoint responded with 404 Not Found.'],
    [599, null, 'The endpoint responded with 599.'],
    [302, null, 'The endpoint responded with 302 Found, and redirects are not followed.'],
    [null, 'timeout', 'The endpoint did not respond in time.'],
    [null, 'connection_error', 'The connection to the endpoint failed.'],
    [null, 'address_refused', 'The address of the endpoint is not permitted.'],
    [null, 'auth_token cannot be read: wrong key', 'auth_token cannot be read: wrong key'],
    [null, 'constructor', 'constructor'],
    [null, null, 'No reason was recorded.'],
  ])('of status %s and error %s is %j', (status, error, reason) => {
    expect(failureReason({ status, error })).toBe(reason);
  });
});
