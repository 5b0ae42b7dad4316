import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, aSchedule } from '../support/app.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { type ServiceProcess, startProcess } from '../support/process.js';
import { startSink } from '../support/sink.js';
import { everythingStored } from '../support/stored.js';

/** A word that stands nowhere unless a secret got there. */
const canary = (name: string) => `canary-${name}-${randomBytes(8).toString('hex')}`;

/** An account whose password is a canary, and the URL with it. The database is its own. */
async function anAccount(database: TestDatabase, password: string) {
  const name = `canary_${randomBytes(6).toString('hex')}`;
  const url = new URL(database.url);
  const databaseName = url.pathname.slice(1);
  await database.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
  await database.query(`ALTER DATABASE ${databaseName} OWNER TO ${name}`);
  url.username = name;
  url.password = password;
  return {
    url: url.href,
    /** Nobody gets in until it is back. */
    async goesAway() {
      await database.query(`ALTER DATABASE ${databaseName} CONNECTION LIMIT 0`);
      await database.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [name]);
    },
    comesBack: () => database.query(`ALTER DATABASE ${databaseName} CONNECTION LIMIT -1`),
    async [Symbol.asyncDispose]() {
      await database.query(`REASSIGN OWNED BY ${name} TO CURRENT_USER`);
      await database.query(`DROP OWNED BY ${name}`);
      await database.query(`DROP ROLE ${name}`);
    },
  };
}

/** The fixed canaries, as settings and fields of schedules have them. */
function planted() {
  return {
    secretKey: canary('secret-key-of-some-length'),
    databasePassword: canary('database-password'),
    metricsPassword: canary('metrics-password'),
    authToken: canary('auth-token'),
    payload: canary('payload'),
    query: canary('query'),
    wrongToken: canary('wrong-token'),
  };
}

/** Asks for what is refused, with secrets in every place where a client may put them. */
async function callsWrongly({ call }: ServiceProcess, words: ReturnType<typeof planted>, token: string): Promise<void> {
  const schedule = { auth_token: words.authToken, payload: words.payload, endpoint: `http://x.test/?k=${words.query}` };
  const statuses = [
    await call('GET', '/api/v1/schedule/', undefined, { authorization: `Token ${words.wrongToken}` }),
    await call('GET', `/api/v1/schedule/?access_token=${token}`, undefined, { authorization: '' }),
    await call('GET', `/api/v1/nothing/?token=${token}`),
    await call('POST', '/api/v1/schedule/', `{"auth_token": "${words.authToken}", "payload": ${words.payload}`),
    await call('POST', '/api/v1/schedule/', { ...schedule, cron_definition: words.payload }),
    await call('POST', '/api/v1/schedule/', { ...schedule, auth_token: `${words.authToken}\r\nX: y` }),
    await call('POST', '/api/v1/schedule/', JSON.stringify(aSchedule({ payload: words.payload.repeat(20_000) }))),
    await call('QUERY', '/api/v1/schedule/').catch(() => ({ status: 400 })),
  ].map(({ status }) => status);
  expect(statuses.every((status) => status >= 400 && status < 500)).toBe(true);
}

describe('secrets', () => {
  it('are nowhere in what the service prints at its most talkative, nor stored in clear, whatever goes wrong', async () => {
    const words = planted();
    await using database = await createDatabase();
    await using account = await anAccount(database, words.databasePassword);
    await using sink = await startSink([{ status: 500, echoes: 'authorization' }]);
    await using metrics = await startSink([500]);
    await using service = await startProcess({
      DATABASE_URL: account.url,
      SECRET_KEY: words.secretKey,
      LOG_LEVEL: 'trace',
      DELIVERY_MAX_ATTEMPTS: '2',
      METRICS_URL: new URL(metrics.url).origin,
      METRICS_AUTH_USER: 'metrics',
      METRICS_AUTH_PASSWORD: words.metricsPassword,
    });
    const { call } = service;
    const issued = await call('POST', '/api/v1/user/token/', { email: 'ann@example.org' });
    const token = issued.body.token as string;
    const headers = { authorization: `Token ${token}` };
    const signing = await call('POST', '/api/v1/user/2/signing-secret/', {}, headers);
    const secret = signing.body.secret as string;
    const fields = { auth_token: words.authToken, payload: { word: words.payload } };
    const make = (endpoint: string) => call('POST', '/api/v1/schedule/', aSchedule({ ...fields, endpoint }), headers);

    // It delivers, to an endpoint that fails and says back what it was given, and to one that is not there.
    const made = await make(`${sink.url}?key=${words.query}`);
    expect(made.status).toBe(201);
    await make(`http://127.0.0.1:9/?key=${words.query}`);
    await make(`http://no-such-host.invalid/?key=${words.query}`);
    const [arrival] = await sink.received(3);
    expect(arrival.headers.authorization).toBe(`Token ${words.authToken}`);
    await call('POST', '/api/metrics/');
    await metrics.received(1);
    await callsWrongly(service, words, token);
    // A fault of ours: a table that is not as it was left.
    await database.query('ALTER TABLE schedules RENAME TO elsewhere');
    expect((await make(sink.url)).status).toBe(500);
    await database.query('ALTER TABLE elsewhere RENAME TO schedules');
    await account.goesAway();
    await expect.poll(async () => (await make(sink.url)).status, { timeout: 20_000 }).toBe(503);
    await account.comesBack();
    await expect.poll(async () => (await make(sink.url)).status, { timeout: 30_000 }).toBe(201);
    await expect.poll(() => database.query(`SELECT FROM pgboss.job WHERE output IS NOT NULL`)).not.toEqual([]);
    await expect.poll(() => database.query(`SELECT FROM attempts WHERE status = 500`)).not.toEqual([]);
    expect(await service.end('SIGTERM')).toBe(0);

    const secrets = {
      ...words,
      token,
      secret,
      adminToken: ADMIN_TOKEN,
      signature: arrival.headers['webhook-signature'],
    };
    const forms = Object.entries(secrets).flatMap(([name, value]) => {
      const bytes = Buffer.from(String(value));
      return [String(value), bytes.toString('hex'), bytes.toString('base64')].map((form) => ({ name, form }));
    });
    const stored = await everythingStored(database, ['public.schedules.payload', 'public.schedules.endpoint']);
    const places = [...stored, ['output', service.output()] as const];
    const found = places.flatMap(([place, text]) => {
      return forms.filter(({ form }) => text.includes(form)).map(({ name }) => `${name} in ${place}`);
    });
    expect(service.output()).toContain('"msg":"attempt"');
    expect(stored.get('public.attempts.excerpt')).toContain('Token ');
    expect(found).toEqual([]);
  });

  it('are not in the message of a start that fails', async () => {
    const words = planted();
    await using database = await createDatabase();
    const wrong = new URL(database.url);
    wrong.password = words.databasePassword;
    const unreadable = `postgres://user:${words.databasePassword}@[nowhere/database`;

    for (const DATABASE_URL of [wrong.href, unreadable]) {
      const environment = { DATABASE_URL, SECRET_KEY: words.secretKey, SCHEDULER_ADMIN_TOKEN: words.wrongToken };
      const message = await startProcess({ ...environment, LOG_LEVEL: 'trace' }).then(
        String,
        (error: Error) => error.message,
      );

      expect(message).toContain('ended with 1');
      for (const word of Object.values(words)) expect(message).not.toContain(word);
    }
  });
});
