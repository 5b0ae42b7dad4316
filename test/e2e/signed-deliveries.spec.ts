import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { aSchedule, startApp, type TestApp } from '../support/app.js';
import { type Arrival, startSink } from '../support/sink.js';

const PAYLOAD = '{"b": 1.0, "a": "żółw 🐢", "10": 9007199254740993}';

/** Throws what the receiver's library has against it. */
function verify(secret: string, { body, headers }: Arrival): void {
  new Webhook(secret).verify(body, headers as Record<string, string>);
}

/** A user with a token of its own. */
async function aUser(app: TestApp, email: string) {
  const { token } = (await app.call('POST', '/api/v1/user/token/', { email })).body;
  const { results } = (await app.call('GET', '/api/v1/user/')).body;
  const { id } = (results as { id: number; email: string }[]).find((user) => user.email === email)!;
  const headers = { authorization: `Token ${token}` };
  return { headers, path: `/api/v1/user/${id}/signing-secret/` };
}

async function makesSecret(app: TestApp, path: string, input: object = {}): Promise<string> {
  const { status, body } = await app.call('POST', path, input);
  expect(status).toBe(201);
  return body.secret as string;
}

/** What arrives from now on. */
function next(sink: { arrivals: Arrival[]; received(count: number): Promise<Arrival[]> }): Promise<Arrival> {
  const before = sink.arrivals.length;
  // One may have been on its way, made up before.
  return sink.received(before + 2).then((arrivals) => arrivals[before + 1]);
}

describe('a delivery of a user with a signing secret', () => {
  it('is verified by a library of Standard Webhooks, at each attempt, and not once it was tampered with', async () => {
    await using app = await startApp();
    await using sink = await startSink([500, 200]);
    const secret = await makesSecret(app, '/api/v1/user/1/signing-secret/');
    await app.creates(
      `{"endpoint": "${sink.url}", "interval_definition": "1 seconds", "frequency": 1, "payload": ${PAYLOAD}}`,
    );

    const [first, second] = await sink.received(2);

    expect(secret).toMatch(/^whsec_/);
    expect(Buffer.from(secret.slice(6), 'base64')).toHaveLength(32);
    expect(first.body).toBe(PAYLOAD);
    verify(secret, first);
    verify(secret, second);
    expect(first.headers['webhook-id']).toBe(first.headers['idempotency-key']);
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id']);
    expect(Number(second.headers['webhook-timestamp'])).toBeGreaterThan(Number(first.headers['webhook-timestamp']));
    expect(() => verify(secret, { ...first, body: PAYLOAD.replace('1.0', '1.1') })).toThrow('No matching signature');
    const later = { ...first.headers, 'webhook-timestamp': String(Number(first.headers['webhook-timestamp']) + 1) };
    expect(() => verify(secret, { ...first, headers: later })).toThrow('No matching signature');
  });

  it('is verified by the old and by the new one during a rotation, and by the new one alone after it', async () => {
    await using app = await startApp();
    await using sink = await startSink();
    const path = '/api/v1/user/1/signing-secret/';
    const old = await makesSecret(app, path);
    await app.creates(aSchedule({ endpoint: sink.url }));
    await sink.received(1);

    const renewed = await makesSecret(app, path);
    const during = await next(sink);
    expect((await app.call('DELETE', `${path}previous/`)).status).toBe(204);
    const after = await next(sink);

    expect(renewed).not.toBe(old);
    verify(old, during);
    verify(renewed, during);
    verify(renewed, after);
    expect(() => verify(old, after)).toThrow('No matching signature');
  });

  it('is signed by the previous one until that expires', async () => {
    await using app = await startApp();
    await using sink = await startSink();
    const path = '/api/v1/user/1/signing-secret/';
    const old = await makesSecret(app, path);
    const renewed = await makesSecret(app, path, { expires_previous_in: 4 });
    await app.creates(aSchedule({ endpoint: sink.url }));

    const [first] = await sink.received(1);
    const { previous } = await app.eventually(path, (body) => body.previous === null);
    const after = await next(sink);

    verify(old, first);
    verify(renewed, first);
    expect(previous).toBeNull();
    verify(renewed, after);
    expect(() => verify(old, after)).toThrow('No matching signature');
  });

  it('is no longer signed when the secret was removed', async () => {
    await using app = await startApp();
    await using sink = await startSink();
    const path = '/api/v1/user/1/signing-secret/';
    await makesSecret(app, path);
    await app.creates(aSchedule({ endpoint: sink.url }));
    const [signed] = await sink.received(1);

    expect((await app.call('DELETE', path)).status).toBe(204);
    const unsigned = await next(sink);

    expect(signed.headers['webhook-signature']).toMatch(/^v1,/);
    expect(Object.keys(unsigned.headers).filter((name) => name.startsWith('webhook-'))).toEqual([]);
    expect((await app.call('DELETE', path)).status).toBe(404);
  });

  it('fails with the reason when the secret cannot be opened, and no delivery of another user does', async () => {
    await using app = await startApp({ DELIVERY_MAX_ATTEMPTS: '1' });
    await using sink = await startSink();
    const [ann, bob] = [await aUser(app, 'ann@example.org'), await aUser(app, 'bob@example.org')];
    await makesSecret(app, ann.path);
    const secret = await makesSecret(app, bob.path);
    // Somebody who can write into the database puts one user's secret into another's place.
    await app.database.query(
      `UPDATE signing_secrets SET sealed = (SELECT sealed FROM signing_secrets ORDER BY id DESC LIMIT 1)
        WHERE id = (SELECT min(id) FROM signing_secrets)`,
    );
    const schedule = aSchedule({ endpoint: sink.url, frequency: 1 });
    const hers = await app.call('POST', '/api/v1/schedule/', schedule, ann.headers);
    const his = await app.call('POST', '/api/v1/schedule/', schedule, bob.headers);

    const [arrival] = await sink.received(1);
    const failed = await app.eventually('/api/v1/failed-tasks/', ({ count }) => count === 1);

    expect(arrival.headers['x-schedule-id']).toBe(his.body.id);
    verify(secret, arrival);
    expect(failed.results[0]).toMatchObject({
      schedule: hers.body.url as string,
      error: expect.stringContaining("the signing secret of the schedule's creator cannot be read") as string,
    });
    expect(sink.arrivals).toHaveLength(1);
  });
});

describe('the delivery of a user without a signing secret', () => {
  it('is not signed, whatever others have', async () => {
    await using app = await startApp();
    await using sink = await startSink();
    const ann = await aUser(app, 'ann@example.org');
    await makesSecret(app, '/api/v1/user/1/signing-secret/');
    await app.call('POST', '/api/v1/schedule/', aSchedule({ endpoint: sink.url }), ann.headers);

    const [arrival] = await sink.received(1);

    expect(Object.keys(arrival.headers).filter((name) => name.startsWith('webhook-'))).toEqual([]);
  });
});

describe('the signing secret of a user', () => {
  it('is shown once, and its state ever after', async () => {
    await using app = await startApp();
    const { headers, path } = await aUser(app, 'ann@example.org');
    const before = await app.call('GET', path, undefined, headers);

    const made = await app.call('POST', path, {}, headers);
    const renewed = await app.call('POST', path, { expires_previous_in: 60 }, headers);
    const shown = await app.call('GET', path);

    expect(before.body).toEqual({ exists: false, current: null, previous: null });
    expect(made.body).toMatchObject({ exists: true, current: { expires_at: null }, previous: null });
    expect(shown).toMatchObject({
      status: 200,
      body: { exists: true, current: renewed.body.current as object, previous: { id: made.body.current.id as number } },
    });
    const { created_at, expires_at } = shown.body.previous as { created_at: string; expires_at: string };
    expect(Date.parse(expires_at) - Date.parse(created_at)).toBeGreaterThanOrEqual(60_000);
    expect(shown.text).not.toContain('whsec');
    const stored = await app.database.query(`SELECT encode(sealed, 'hex') AS bytes FROM signing_secrets`);
    expect(stored).toHaveLength(2);
    for (const secret of [made.body.secret, renewed.body.secret] as string[]) {
      const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
      for (const plain of [Buffer.from(secret), key]) {
        expect(JSON.stringify(stored)).not.toContain(plain.toString('hex'));
      }
    }
  });

  it('is not renewed while the one before it still signs, so that no receiver is cut off by a repeated request', async () => {
    await using app = await startApp();
    const path = '/api/v1/user/1/signing-secret/';
    await makesSecret(app, path);
    await makesSecret(app, path);

    const refused = await app.call('POST', path, {});

    expect(refused.status).toBe(400);
    expect(refused.text).toContain('retire it first');
    await app.call('DELETE', `${path}previous/`);
    await makesSecret(app, path, { expires_previous_in: 0 });
    expect((await app.call('GET', path)).body.previous).toBeNull();
  });

  it.each([-1, 1.5, 'sixty', 2_592_001])(
    'is not renewed when the previous one is to expire in %j seconds',
    async (bad) => {
      await using app = await startApp();
      const reply = await app.call('POST', '/api/v1/user/1/signing-secret/', { expires_previous_in: bad });
      expect(reply).toMatchObject({ status: 400, body: { expires_previous_in: [expect.any(String)] } });
    },
  );

  it('is for the user and for admins: to others the user is unknown', async () => {
    await using app = await startApp();
    const ann = await aUser(app, 'ann@example.org');
    const bob = await aUser(app, 'bob@example.org');
    await makesSecret(app, ann.path);
    await makesSecret(app, ann.path);

    const routes = [
      ['GET', ''],
      ['POST', ''],
      ['DELETE', ''],
      ['DELETE', 'previous/'],
    ];
    for (const [method, rest] of routes) {
      const foreign = await app.call(method, ann.path + rest, undefined, bob.headers);
      const unknown = await app.call(method, `/api/v1/user/4711/signing-secret/${rest}`, undefined, bob.headers);
      expect([foreign.status, foreign.text]).toEqual([404, unknown.text]);
      expect((await app.call(method, `/api/v1/user/4711/signing-secret/${rest}`)).status).toBe(404);
    }
    const state = await app.call('GET', ann.path, undefined, ann.headers);
    expect(state.body).toMatchObject({ current: { id: 2 }, previous: { id: 1 } });
  });
});
