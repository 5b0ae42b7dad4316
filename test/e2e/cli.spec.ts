import { readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { describe, expect, it, vi } from 'vitest';
import { idOfSecretKey } from '../../src/secrets/secret-cipher.js';
import { aSchedule, caller } from '../support/app.js';
import { commandLine } from '../support/command-line.js';
import { createDatabase } from '../support/database.js';
import { startProcess } from '../support/process.js';
import { startSink } from '../support/sink.js';

// Every command is a process of its own, which takes a second of the processor.
vi.setConfig({ testTimeout: 300_000 });

const NOBODY = '00000000-0000-0000-0000-000000000000';
// No worker runs in these, so nothing is attempted.
const API_ONLY = { ROLES: 'api' };

interface Made {
  token: string;
  id: number;
  user: number;
}

interface Shown {
  triggered: number;
  frequency: number;
  next_send_at: string;
  enabled: boolean;
  deliveries: { count: number; results: { id: string; scheduled_for: string; outcome: string }[] };
}

/** A service on a database of its own, and the command line of the same settings. */
async function startService(environment: Record<string, string> = {}) {
  const database = await createDatabase();
  const service = await startProcess({ DATABASE_URL: database.url, ...environment });
  const create = async (fields: object) => {
    const { status, text, body } = await service.call('POST', '/api/v1/schedule/', aSchedule(fields));
    if (status !== 201) throw new Error(text);
    return body as { id: string };
  };
  return {
    ...commandLine({ DATABASE_URL: database.url }),
    service,
    database,
    create,
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

describe('the command line', () => {
  it('tells of its commands and its version', async () => {
    const { run } = commandLine({});
    const help = await run(['--help']);
    expect(help.exitCode).toBe(0);
    for (const name of ['serve', 'migrate', 'create-admin', 'create-token', 'revoke-token', 'schedules', 'doctor']) {
      expect(help.stdout).toContain(`\n  ${name}`);
    }
    const version = await run(['--version']);
    const { version: expected } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(version).toEqual({ exitCode: 0, stdout: `${expected}\n`, stderr: '' });
  });

  it.each([
    [['schedule'], 'Did you mean schedules?'],
    [['schedules', 'shwo'], 'Did you mean show?'],
    [['schedules'], 'needs one of list, show, enable, disable, run'],
    [['create-admin', '--emial', 'a@example.org'], 'Did you mean --email?'],
    [['create-admin'], "required option '--email <address>'"],
    [['create-admin', '--email', 'nobody'], 'is not an email address'],
    [['create-token', '--user', '1', '--expires', '2020-01-01'], 'takes an instant to come'],
    [['schedules', 'show'], "missing required argument 'id'"],
    [['schedules', 'show', 'x'], "'x' is not the id of a schedule"],
    [['schedules', 'list', '--enabled', 'maybe'], 'Enter true or false.'],
    [['migrate', 'now'], 'too many arguments'],
    [['doctor', '--endpoint', 'ftp://example.org/'], 'takes an http or https URL'],
    [[], 'Usage: seed-scheduler'],
  ])('ends %j with 2, before anything is done, and says what is wrong', async (args, message) => {
    const { exitCode, stdout, stderr } = await commandLine({ DATABASE_URL: 'postgres://127.0.0.1:9/none' }).run(args);
    expect(stderr).toContain(message);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });

  it('says in one line that the database is away, and nothing of its password', async () => {
    const url = 'postgres://scheduler:hunter2hunter2@127.0.0.1:9/none';
    const { exitCode, stdout, stderr } = await commandLine({ DATABASE_URL: url }).run(['schedules', 'list']);
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'error: PostgreSQL does not accept connections at 127.0.0.1:9: start it, or correct DATABASE_URL.\n',
    });
  });

  it('names every fault of the settings, and no value', async () => {
    const { exitCode, stderr } = await commandLine({ PORT: 'hunter2', DATABASE_URL: 'mysql://hunter2' }).run([
      'migrate',
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('PORT must be a whole number');
    expect(stderr).toContain('DATABASE_URL must be a postgres');
    expect(stderr).not.toContain('hunter2');
  });
});

describe('migrate', () => {
  it('says what is pending and changes nothing, runs it, and has nothing left to do', async () => {
    await using database = await createDatabase();
    const { run, json } = commandLine({ DATABASE_URL: database.url });

    const { pending } = await json<{ pending: string[] }>('migrate', '--dry-run');
    expect(pending[0]).toBe('InitialSchema1764000000000');
    expect(await database.query(`SELECT FROM pg_tables WHERE schemaname = 'public'`)).toEqual([]);
    const early = await run(['create-admin', '--email', 'ann@example.org']);
    expect(early).toMatchObject({ exitCode: 1, stdout: '' });
    expect(early.stderr).toContain('run "seed-scheduler migrate" first');

    expect(await json('migrate')).toEqual({ migrated: pending });
    expect(await json('migrate')).toEqual({ migrated: [] });
    expect((await run(['migrate'])).stdout).toBe('The schema is up to date.\n');
  });
});

describe('serve', () => {
  it('runs the service until it is told to stop', async () => {
    await using database = await createDatabase();
    await using service = await startProcess({ DATABASE_URL: database.url }, ['cli/main.js', 'serve']);
    expect((await service.call('GET', '/health/ready')).status).toBe(200);
    expect(await service.end('SIGTERM')).toBe(0);
  });
});

describe('tokens by the command line', () => {
  it('are printed alone on stdout, work at once, and are kept as digests only', async () => {
    await using app = await startService(API_ONLY);
    const { stdout, stderr, exitCode } = await app.run(['create-admin', '--email', 'Ann@Example.org']);

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^[0-9a-f]{48}\n$/);
    const token = stdout.trim();
    expect(stderr).toContain('ann@example.org');
    expect(stderr).not.toContain(token);
    const headers = { authorization: `Token ${token}` };
    const reply = await caller(app.service.url)('POST', '/api/v1/group/', { name: 'Operators' }, headers);
    expect(reply.status).toBe(201);
    expect(await app.database.query('SELECT t::text FROM tokens t WHERE t::text LIKE $1', [`%${token}%`])).toEqual([]);
  });

  it('are for a user by address or id, with a label and an end', async () => {
    await using app = await startService(API_ONLY);
    const made = await app.json<Made>(
      'create-token',
      '--email',
      'bob@example.org',
      '--label',
      'ci',
      '--expires',
      '90d',
    );
    const other = await app.json<Made>('create-token', '--user', String(made.user));

    expect(other.user).toBe(made.user);
    const rows = await app.database.query(
      'SELECT label, expires_at > now() + interval $$89 days$$ AS "isLong" FROM tokens WHERE id = $1',
      [made.id],
    );
    expect(rows).toEqual([{ label: 'ci', isLong: true }]);
    expect(await app.run(['create-token', '--user', '4711'])).toMatchObject({ exitCode: 1, stdout: '' });
  });

  it('are revoked by id, by prefix and by their value on stdin, and then refused', async () => {
    await using app = await startService(API_ONLY);
    const make = async () => (await app.service.call('POST', '/api/v1/user/1/token/', {})).body as Made;
    const statusOf = async ({ token }: Made) =>
      (await app.service.call('GET', '/api/v1/user/', undefined, { authorization: `Token ${token}` })).status;
    const [byId, byPrefix, byValue] = await Promise.all([make(), make(), make()]);

    const results = await Promise.all([
      app.run(['revoke-token', String(byId.id)]),
      app.run(['revoke-token', '--prefix', byPrefix.token.slice(0, 8)]),
      app.run(['revoke-token', '--stdin'], `${byValue.token}\n`),
    ]);

    expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(results.map(({ stdout }) => stdout).join()).not.toContain(byValue.token);
    expect(await Promise.all([byId, byPrefix, byValue].map(statusOf))).toEqual([401, 401, 401]);
    expect(await app.run(['revoke-token', String(byId.id)])).toMatchObject({
      exitCode: 1,
      stderr: 'error: there is no such token\n',
    });
  });

  it('are not taken from the arguments, nor repeated when they are given there', async () => {
    const token = 'c05fbab6d5f912429052830c77eeb022249324cb';
    const { run } = commandLine({ DATABASE_URL: 'postgres://127.0.0.1:9/none' });
    for (const args of [[token], ['--prefix', token], [token, token]]) {
      const { exitCode, stdout, stderr } = await run(['revoke-token', ...args]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).not.toContain(token);
    }
  });
});

describe('schedules by the command line', () => {
  it('are listed by page and filter, as the API shows them', async () => {
    await using app = await startService(API_ONLY);
    const first = await app.create({ cron_definition: '0 8 * * *', interval_definition: undefined });
    const second = await app.create({ interval_definition: '1 days', enabled: false });

    type Page = { count: number; results: { id: string }[] };
    const all = await app.json<Page>('schedules', 'list');
    expect(all.results.map(({ id }) => id)).toEqual([second.id, first.id]);
    const viaApi = (await app.service.call('GET', '/api/v1/schedule/')).text.replaceAll(app.service.url, '');
    expect(all.results).toEqual((JSON.parse(viaApi) as Page).results);
    const page = await app.json<Page>('schedules', 'list', '--limit', '1', '--offset', '1');
    expect(page).toMatchObject({ count: 2, results: [{ id: first.id }] });
    const off = await app.json<Page>('schedules', 'list', '--enabled', 'false');
    expect(off).toMatchObject({ count: 1, results: [{ id: second.id }] });
    const byCron = await app.run(['schedules', 'list', '--cron', '0 8 * * *']);
    expect(byCron.stdout).toContain(first.id);
    expect(byCron.stdout).not.toContain(second.id);
  });

  it('are switched off and on for the running service', async () => {
    await using app = await startService();
    await using sink = await startSink();
    const { id } = await app.create({ endpoint: sink.url });
    await sink.received(1);

    expect(await app.json('schedules', 'disable', id)).toEqual([{ id, enabled: false }]);
    const off = await app.json<Shown>('schedules', 'show', id);
    expect(off).toMatchObject({ enabled: false, next_send_at: null, updated_by: null });
    const arrived = sink.arrivals.length;
    expect(await app.json('schedules', 'enable', id)).toEqual([{ id, enabled: true }]);

    const arrivals = await sink.received(arrived + 2);
    const ticks = arrivals.slice(arrived).map(({ headers }) => Date.parse(String(headers['x-scheduled-for'])));
    const { body } = await app.service.call('GET', `/api/v1/schedule/${id}/`);
    expect(ticks[0]).toBeGreaterThan(Date.parse(body.updated_at as string));
    expect(await app.run(['schedules', 'enable', NOBODY])).toMatchObject({ exitCode: 1, stdout: '' });
  });

  it('show no secret, neither the token that they send nor how it is stored', async () => {
    await using app = await startService(API_ONLY);
    const { id } = await app.create({ interval_definition: '1 days', auth_token: 'hunter2hunter2', payload: { n: 1 } });
    for (const args of [[], ['--json']]) {
      const { stdout, stderr } = await app.run(['schedules', 'show', id, ...args]);
      expect(stdout).toContain('********');
      expect(stdout + stderr).not.toContain('hunter2');
    }
  });

  it('send no control characters of a payload to the terminal', async () => {
    await using app = await startService(API_ONLY);
    const payload = '\u009b31mred\u009b0m \u007f';
    const { id } = await app.create({ interval_definition: '1 days', payload });
    for (const args of [[], ['--json']]) {
      const { stdout } = await app.run(['schedules', 'show', id, ...args]);
      expect(stdout).toContain('\\u009b31mred');
      expect(stdout).not.toMatch(/[\x7f-\x9f]/);
    }
    expect(await app.json('schedules', 'show', id)).toMatchObject({ payload });
  });

  it('are run on demand: one delivery for this instant, recorded as any other, that counts as no run', async () => {
    await using app = await startService();
    await using sink = await startSink();
    const { id } = await app.create({
      endpoint: sink.url,
      interval_definition: '1 days',
      frequency: 1,
      payload: '1.0',
    });
    const before = await app.json<Shown>('schedules', 'show', id);

    const delivery = await app.json<{ id: string; outcome: string }>('schedules', 'run', id, '--wait', '20');

    const [arrival] = await sink.received(1);
    expect(delivery.outcome).toBe('delivered');
    expect(arrival?.headers).toMatchObject({ 'idempotency-key': delivery.id, 'x-attempt': '1', 'x-schedule-id': id });
    expect(Date.parse(String(arrival?.headers['x-scheduled-for'])) % 1000).not.toBe(0);
    const after = await app.json<Shown>('schedules', 'show', id);
    expect(after.deliveries).toMatchObject({ count: 1, results: [{ id: delivery.id, outcome: 'delivered' }] });
    expect({ ...after, deliveries: null }).toEqual({ ...before, deliveries: null });
  });

  it('can be run while they are off, each time anew', async () => {
    await using app = await startService();
    await using sink = await startSink([200, 500]);
    const { id } = await app.create({ endpoint: sink.url, interval_definition: '1 days' });
    await app.run(['schedules', 'disable', id]);

    expect(await app.run(['schedules', 'run', id, '--wait', '20'])).toMatchObject({ exitCode: 0 });
    const failed = await app.run(['schedules', 'run', id, '--wait', '20']);

    expect(failed).toMatchObject({ exitCode: 1, stderr: 'error: the delivery was made and not taken\n' });
    const keys = (await sink.received(2)).map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(2);
  });

  it('wait in the queue where no worker runs', async () => {
    await using app = await startService(API_ONLY);
    const { id } = await app.create({ interval_definition: '1 days' });
    const ordered = await app.json<{ id: string; scheduled_for: string }>('schedules', 'run', id);
    const queued = await app.database.query<{ scheduled_for: Date }>('SELECT scheduled_for FROM deliveries');
    expect(queued).toEqual([{ scheduled_for: new Date(ordered.scheduled_for) }]);
    expect((await app.run(['schedules', 'run', NOBODY])).exitCode).toBe(1);
  });
});

describe('what an operator changes', () => {
  it('stands in the audit log, with the account that did it and without a secret', async () => {
    await using app = await startService(API_ONLY);
    const { id } = await app.create({ interval_definition: '1 days' });
    const { stdout: token } = await app.run(['create-admin', '--email', 'ann@example.org']);
    await app.run(['schedules', 'disable', id]);
    await app.run(['schedules', 'run', id]);
    await app.run(['revoke-token', '--stdin'], token);

    const rows = await app.database.query<{ action: string; target: string; source: string }>(
      `SELECT action, target_kind || '/' || target_id AS target, source FROM audit_log WHERE actor_kind = 'cli' ORDER BY id`,
    );
    expect(rows.map(({ action, target }) => [action, target])).toEqual([
      ['admin.create', 'user/2'],
      ['schedule.disable', `schedule/${id}`],
      ['schedule.run', `schedule/${id}`],
      ['token.revoke', 'token/2/2'],
    ]);
    for (const { source } of rows) expect(source).toBe(`${userInfo().username}@${hostname()}`);
    expect(JSON.stringify(rows)).not.toContain(token.trim());
  });
});

describe('rotate-secrets', () => {
  it('seals anew what is under a former key, and fails while a key is missing', async () => {
    const former = 'a former key for tests long enough';
    await using app = await startService({ ...API_ONLY, SECRET_KEY: former });
    await app.create({ interval_definition: '1 days', auth_token: 'hunter2hunter2' });
    const settings = { DATABASE_URL: app.database.url, SECRET_KEY: 'another key for tests, long enough' };
    const withFormer = commandLine({ ...settings, SECRET_KEY_FALLBACKS: former });
    const withoutFormer = commandLine(settings);

    expect((await withoutFormer.run(['rotate-secrets'])).exitCode).toBe(1);
    expect(await withFormer.json('rotate-secrets', '--dry-run')).toContainEqual(
      expect.objectContaining({ kind: 'auth_token', resealed: 1 }),
    );
    // The service that runs could not open what is sealed.
    const refused = await withFormer.run(['rotate-secrets']);
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^error: replicas that run do not have key [0-9a-f]{8} \(\S+\):/) as string,
    });
    await app.service.end('SIGTERM');
    const rotated = await withFormer.run(['rotate-secrets']);
    expect(rotated.exitCode).toBe(0);
    expect(rotated.stdout + rotated.stderr).not.toMatch(/hunter2|key for tests/);
    expect(rotated.stderr).toContain(`key ${idOfSecretKey(former)} is not used any more`);
    expect(await withoutFormer.json('rotate-secrets')).toContainEqual(
      expect.objectContaining({ kind: 'auth_token', resealed: 0, current: 1 }),
    );
  });
});

describe('doctor', () => {
  type Report = { ok: boolean; checks: { check: string; state: string; finding: string; advice: string | null }[] };
  const stateOf = ({ checks }: Report, check: string) => checks.find((one) => one.check === check)?.state;

  it('finds a service that runs well, its endpoint included, and counts its replicas', async () => {
    await using app = await startService(API_ONLY);
    await using sink = await startSink();
    const report = await app.json<Report>('doctor', '--endpoint', sink.url);
    expect(report.ok).toBe(true);
    expect(report.checks.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(report.checks.find(({ check }) => check === 'connections')?.finding).toMatch(/^1 replicas at work/);
    expect(report.checks.map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        'settings',
        'secret key',
        'database',
        'rights',
        'clock',
        'pooler',
        'migrations',
        'endpoint',
      ]),
    );
  });

  it('names what is wrong with the settings, and says what to do', async () => {
    const { exitCode, stdout } = await commandLine({ PORT: 'hunter2', LOG_LEVEL: 'hunter2' }).run(['doctor', '--json']);
    expect(exitCode).toBe(1);
    const { ok, checks } = JSON.parse(stdout) as Report;
    expect(ok).toBe(false);
    expect(checks.map(({ finding }) => finding.split(' ', 1)[0])).toEqual(['PORT', 'LOG_LEVEL']);
    expect(stdout).not.toContain('hunter2');
  });

  it('finds pending migrations, a role without rights, and an address that does not answer', async () => {
    await using database = await createDatabase();
    await database.query(`CREATE ROLE ${database.name} LOGIN PASSWORD 'hunter2'`);
    const url = new URL(database.url);
    url.username = database.name;
    url.password = 'hunter2';
    const weak = commandLine({ DATABASE_URL: url.href, METRICS_URL: 'http://127.0.0.1:9' });

    const { exitCode, stdout } = await weak.run(['doctor', '--json']);
    await database.query(`DROP ROLE ${database.name}`);

    expect(exitCode).toBe(1);
    const report = JSON.parse(stdout) as Report;
    expect(['rights', 'migrations', 'METRICS_URL'].map((check) => stateOf(report, check))).toEqual([
      'fault',
      'warning',
      'fault',
    ]);
    for (const { state, advice } of report.checks) expect(advice === null).toBe(state === 'ok');
    expect(stdout).not.toContain('hunter2');
  });

  it('finds that stored secrets are under another key', async () => {
    await using app = await startService(API_ONLY);
    await app.create({ interval_definition: '1 days', auth_token: 'hunter2hunter2' });
    const settings = { DATABASE_URL: app.database.url, SECRET_KEY: 'another key for tests, long enough' };
    const { exitCode, stdout } = await commandLine(settings).run(['doctor']);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/secret key +│ fault +│ SECRET_KEY has key [0-9a-f]{8}, but/);
    expect(stdout).toMatch(/secrets: auth_token +│ fault +│ 1 of a sample of 1 cannot be opened/);
  });
});
