import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { describe, expect, it } from 'vitest';
import { Scope } from '../../src/database/scope.js';
import { DeliverySender } from '../../src/deliveries/delivery-sender.js';
import { AUTH_TOKENS } from '../../src/schedules/auth-tokens.js';
import { ScheduleRuns } from '../../src/schedules/schedule-runs.js';
import { SecretVault } from '../../src/secrets/secret-vault.js';
import { aSchedule, startApp, type TestApp } from '../support/app.js';
import { startSink } from '../support/sink.js';

const FAILED = '/api/v1/failed-tasks/';

async function damage({ database }: TestApp, id: string, change: string, value: unknown): Promise<void> {
  await database.query(`UPDATE schedules SET ${change} WHERE id = $1`, [id, value]);
}

function run({ nest }: TestApp, id: string): Promise<unknown> {
  return nest.get(ScheduleRuns, { strict: false }).runNow(id, Scope.everything());
}

function sealedToken(nest: NestFastifyApplication, token: string, id: string): Buffer {
  return nest.get(SecretVault, { strict: false }).boxFor(AUTH_TOKENS).seal(token, id);
}

describe('a schedule whose stored endpoint is not a URL', () => {
  it('fails with the reason, harms no other, and is repaired through the API', async () => {
    await using app = await startApp({ ROLES: 'api,worker' });
    await using sink = await startSink();
    const { id } = await app.creates(aSchedule({ endpoint: sink.url, enabled: false }));
    const other = await app.creates(aSchedule({ endpoint: sink.url, enabled: false }));
    await damage(app, id as string, 'endpoint = $2', 'not a url');
    await run(app, id as string);
    await run(app, other.id as string);

    const failed = await app.eventually(FAILED, ({ count }) => count === 1);
    expect(failed.results).toMatchObject([{ error: 'the stored endpoint is not an http or https URL', status: null }]);
    await sink.received(1);

    const repaired = await app.call('PATCH', `/api/v1/schedule/${id}/`, { endpoint: sink.url });
    expect([repaired.status, repaired.body.endpoint]).toEqual([200, sink.url]);
    await app.call('POST', `${FAILED}${failed.results[0].id}/requeue/`);
    const arrivals = await sink.received(2);
    expect(arrivals.map(({ headers }) => headers['x-schedule-id'])).toEqual([other.id, id]);
  });
});

describe('a stored token that no header can hold', () => {
  it.each(['two\r\nlines', 'snowman ☃'])(
    'fails its own deliveries at once and does not count for the origin: %j',
    async (token) => {
      await using app = await startApp({ ROLES: 'api,worker' });
      await using sink = await startSink();
      const { id } = await app.creates(aSchedule({ endpoint: sink.url, enabled: false, auth_token: 'token' }));
      await damage(app, id as string, 'auth_token = $2', sealedToken(app.nest, token, id as string));
      await run(app, id as string);

      const failed = await app.eventually(FAILED, ({ count }) => count === 1);

      expect(failed.results).toMatchObject([{ error: 'invalid_request', attempts: 1 }]);
      expect(sink.arrivals).toEqual([]);
      expect((await app.call('GET', '/api/v1/origins/')).body.results).toMatchObject([{ failures_in_row: 0 }]);
      const { text } = await app.call('GET', `/api/v1/schedule/${id}/deliveries/`);
      expect(text).not.toContain('snowman');
    },
  );
});

describe('a fault in the code of a delivery', () => {
  it('is a failed attempt with a reason, which is tried again', async () => {
    await using app = await startApp({ ROLES: 'api,worker' });
    await using sink = await startSink();
    const sender = app.nest.get(DeliverySender, { strict: false });
    const send = sender.send.bind(sender);
    // A fault that is injected, once.
    sender.send = () => {
      sender.send = send;
      throw new TypeError('broken on purpose');
    };
    const { id } = await app.creates(aSchedule({ endpoint: sink.url, enabled: false }));
    await run(app, id as string);

    const path = `/api/v1/schedule/${id}/deliveries/`;
    const { results } = await app.eventually(path, (body) => body.results[0]?.outcome === 'delivered');

    expect(results[0].attempts).toMatchObject([
      { error: 'internal_error', response: 'broken on purpose', status: null },
      { error: null, status: 200 },
    ]);
  });
});

describe('rows that the service did not write', () => {
  it('are shown beside the others', async () => {
    await using app = await startApp({ ROLES: 'api' });
    const { id } = await app.creates(aSchedule({}));
    const { id: healthy } = await app.creates(aSchedule({ payload: { a: 1 } }));
    const { token } = (await app.call('POST', '/api/v1/user/token/', { email: 'bob@example.org' })).body;
    await app.database.query(`
      UPDATE schedules SET payload = '{"not": json', last_run = 'infinity', active_since = 'infinity' WHERE id = '${id}';
      UPDATE triggers SET text = 'every other tuesday', next_fire_at = '-infinity';
      UPDATE origins SET opened_at = '-infinity', probe_at = 'infinity', failures_in_row = -7;
      UPDATE tokens SET created_at = '-infinity', last_used_at = '294276-12-31', expires_at = 'infinity'`);

    const schedules = await app.call('GET', '/api/v1/schedule/');
    expect(schedules.body.results).toMatchObject([
      { id: healthy, payload: { a: 1 } },
      { id, payload: '{"not": json', last_run: '+275760-09-13T00:00:00.000Z', next_send_at: null },
    ]);
    const origins = await app.call('GET', '/api/v1/origins/?breaker=closed');
    expect(origins.body.results).toMatchObject([{ failures_in_row: 0, breaker: 'closed' }]);
    const asBob = { authorization: `Token ${token}` };
    const [{ user_id: bob }] = (await app.database.query<{ user_id: number }>(
      'SELECT max(user_id) AS user_id FROM tokens',
    )) as [{ user_id: number }];
    const tokens = await app.call('GET', `/api/v1/user/${bob}/token/`, undefined, asBob);
    expect(tokens.body.results).toMatchObject([{ expires_at: '+275760-09-13T00:00:00.000Z' }]);
  });
});
