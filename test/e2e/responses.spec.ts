import { describe, expect, it } from 'vitest';
import { aSchedule, startApp } from '../support/app.js';
import { startSink } from '../support/sink.js';

describe('the start of a response', () => {
  it('is in the history, without the token that the receiver wrote in another way', async () => {
    const token = 'Kq7-sEcReT/tOkEn+42';
    const body = [
      token.toLowerCase(),
      Buffer.from(`Token ${token}`).toString('base64'),
      [...token].map((char) => `&#${char.charCodeAt(0)};`).join(''),
      [...token].map((char) => `\\u00${char.charCodeAt(0).toString(16)}`).join(''),
    ].join(' ');
    await using app = await startApp();
    await using sink = await startSink([{ status: 200, body }]);
    const { id } = await app.creates(aSchedule({ endpoint: sink.url, auth_token: token, frequency: 1 }));

    const { results } = await app.eventually(`/api/v1/schedule/${id}/deliveries/`, ({ count }) => count === 1);

    expect(results[0].attempts[0].response).toBe('******** VG9rZW4g********== ******** ********');
  });

  it('is kept nowhere with STORE_RESPONSES=false; what the service itself says of an attempt is', async () => {
    await using app = await startApp({ STORE_RESPONSES: 'false', DELIVERY_MAX_ATTEMPTS: '1' });
    await using sink = await startSink([
      { status: 500, body: 'personal data' },
      { status: 302, body: 'personal data' },
    ]);
    const schedule = aSchedule({ endpoint: sink.url, frequency: 2 });
    const { id } = await app.creates(schedule);
    const unreachable = await app.creates(aSchedule({ frequency: 1 }));

    const path = `/api/v1/schedule/${id}/deliveries/`;
    const { results } = await app.eventually(path, (body) => body.results[1]?.outcome === 'failed');
    const attempts = results.flatMap((delivery: { attempts: object[] }) => delivery.attempts);
    expect(attempts).toMatchObject([
      { status: 302, response: 'A redirect, which is not followed.' },
      { status: 500, response: null },
    ]);
    const failed = `/api/v1/schedule/${unreachable.id}/deliveries/`;
    const [{ attempts: refused }] = (await app.eventually(failed, ({ count }) => count === 1)).results;
    expect(refused).toMatchObject([{ error: 'connection_error', response: expect.stringContaining('ECONNREFUSED') }]);
    const stored = await app.database.query('SELECT row_to_json(a)::text AS row FROM attempts a');
    expect(JSON.stringify(stored)).not.toContain('personal data');
  });
});
