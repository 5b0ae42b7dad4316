import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aSchedule, startApp, type TestApp } from '../support/app.js';
import { commandLine } from '../support/command-line.js';
import { aPerson } from '../support/people.js';
import { startSink } from '../support/sink.js';

const SECRET_KEY = 'a key for tests only, of some length';

let app: TestApp;

beforeAll(async () => {
  app = await startApp({ SECRET_KEY });
});

afterAll(() => app[Symbol.asyncDispose]());

function setActive(id: number, is_active: unknown) {
  return app.call('PATCH', `/api/v1/user/${id}/`, { is_active });
}

describe('an inactive user', () => {
  it('is refused with every token within three seconds, and let in again once active', async () => {
    const ann = await aPerson(app, 'ann');
    const status = async () => (await ann.call('GET', '/api/v1/schedule/')).status;
    expect(await status()).toBe(200);

    const reply = await setActive(ann.id, false);

    expect(reply).toMatchObject({ status: 200, body: { id: ann.id, is_active: false } });
    await expect.poll(status, { timeout: 5000 }).toBe(401);
    expect((await ann.call('GET', '/api/v1/schedule/')).body).toEqual({ detail: 'Invalid token.' });
    expect((await app.call('GET', `/api/v1/user/${ann.id}/`)).body).toMatchObject({ is_active: false });
    await setActive(ann.id, true);
    await expect.poll(status, { timeout: 5000 }).toBe(200);
  });

  it('gets no new token by any route or command', async () => {
    const bob = await aPerson(app, 'bob');
    await setActive(bob.id, false);
    const { run } = commandLine({ DATABASE_URL: app.database.url, SECRET_KEY });

    const legacy = await app.call('POST', '/api/v1/user/token/', { email: 'Bob@example.org' });
    const own = await app.call('POST', `/api/v1/user/${bob.id}/token/`, {});
    const byEmail = await run(['create-token', '--email', 'bob@example.org']);
    const byId = await run(['create-token', '--user', String(bob.id)]);

    expect(legacy).toMatchObject({ status: 400, body: { email: ['The user is not active.'] } });
    expect(own).toMatchObject({ status: 400, body: { detail: 'The user is not active.' } });
    const refusal = { exitCode: 1, stdout: '', stderr: 'error: The user is not active.\n' };
    expect([byEmail, byId]).toEqual([refusal, refusal]);
    const tokens = await app.database.query('SELECT id FROM tokens WHERE user_id = $1', [bob.id]);
    expect(tokens).toHaveLength(1);
  }, 60_000);

  it('keeps its schedules running', async () => {
    await using sink = await startSink();
    const carl = await aPerson(app, 'carl');
    const schedule = await carl.creates(aSchedule({ endpoint: sink.url }));
    await setActive(carl.id, false);
    await sink.received(sink.arrivals.length + 2);
    expect((await app.call('GET', `/api/v1/schedule/${schedule.id}/`)).body).toMatchObject({ enabled: true });
  });

  it('becomes an active admin by the operator’s create-admin', async () => {
    const dora = await aPerson(app, 'dora');
    await setActive(dora.id, false);
    const { run } = commandLine({ DATABASE_URL: app.database.url, SECRET_KEY });
    const { stdout } = await run(['create-admin', '--email', 'dora@example.org']);
    const headers = { authorization: `Token ${stdout.trim()}` };
    const reply = await app.call('PATCH', `/api/v1/user/${dora.id}/`, { is_active: true }, headers);
    expect(reply).toMatchObject({ status: 200, body: { is_active: true } });
    await app.database.query('UPDATE users SET is_admin = false WHERE id = $1', [dora.id]);
  }, 60_000);
});

describe('the admin that the settings name', () => {
  it('is active again after the next start', async () => {
    await app.database.query('UPDATE users SET is_active = false WHERE id = 1');
    await using _ = await startApp({ SECRET_KEY }, app.database);
    expect((await app.call('GET', '/api/v1/user/1/')).body).toMatchObject({ is_active: true });
  });
});

describe('deactivating a user', () => {
  it('is refused for the last active admin', async () => {
    const reply = await setActive(1, false);
    expect(reply).toMatchObject({
      status: 400,
      body: { is_active: ['The last active admin cannot be deactivated.'] },
    });
    expect((await app.call('GET', '/api/v1/user/1/')).body).toMatchObject({ is_active: true });
  });

  it('leaves one of two admins who deactivate each other at the same time', async () => {
    const erin = await aPerson(app, 'erin');
    await app.database.query('UPDATE users SET is_admin = true WHERE id = $1', [erin.id]);
    const replies = await Promise.all([setActive(1, false), setActive(erin.id, false)]);
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 400]);
    await app.database.query('UPDATE users SET is_active = true, is_admin = (id = 1)');
  });

  it('is for admins, and takes true or false only', async () => {
    const fred = await aPerson(app, 'fred');
    expect(await fred.call('PATCH', fred.url.slice(app.url.length), { is_active: false })).toMatchObject({
      status: 403,
    });
    expect(await setActive(fred.id, 'maybe')).toMatchObject({
      status: 400,
      body: { is_active: ['Must be a valid boolean.'] },
    });
    expect(await setActive(fred.id, null)).toMatchObject({
      status: 400,
      body: { is_active: ['This field may not be null.'] },
    });
  });

  it('leaves the groups as they are, and changing the groups leaves the state', async () => {
    const group = (await app.call('POST', '/api/v1/group/', { name: 'Gardeners' })).body.url as string;
    const gina = await aPerson(app, 'gina', [group]);
    expect((await setActive(gina.id, false)).body).toMatchObject({ groups: [group], is_active: false });
    const reply = await app.call('PUT', `/api/v1/user/${gina.id}/`, { groups: [] });
    expect(reply.body).toMatchObject({ groups: [], is_active: false });
  });
});
