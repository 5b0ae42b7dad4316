import { describe, expect, it, vi } from 'vitest';
import type { Differences } from '../../src/legacy/difference.js';
import { commandLine } from '../support/command-line.js';
import { createDatabase } from '../support/database.js';
import { startLegacyService } from '../support/legacy-service.js';
import { startProcess } from '../support/process.js';
import { startSink } from '../support/sink.js';

// Every command is a process of its own, which takes a second of the processor.
vi.setConfig({ testTimeout: 300_000 });

const KEY = 'c05fbab6d5f912429052830c77eeb022249324cb';

describe('the switch from the replaced service', () => {
  it('is looked at first, then done while this service runs; old tokens work, and schedules fire', async () => {
    await using database = await createDatabase();
    await using service = await startProcess({ DATABASE_URL: database.url });
    await using sink = await startSink();
    await using legacy = await startLegacyService();
    const user = await legacy.hasUser({ id: 7, username: 'ann@example.org' });
    await legacy.hasToken(KEY, user);
    const every = { interval_definition: '1 seconds', endpoint: sink.url, created_by_id: user };
    const id = await legacy.hasSchedule({ ...every, payload: { from: 'there' }, auth_token: 'receiver-token' });
    const broken = await legacy.hasSchedule({ ...every, interval_definition: '1 fortnights' });
    const { run } = commandLine({ DATABASE_URL: database.url, IMPORT_DATABASE_URL: legacy.url });
    const asAnn = { authorization: `Token ${KEY}` };

    const look = await run(['import']);
    const before = await service.call('GET', '/api/v1/schedule/', undefined, asAnn);
    const applied = await run(['import', '--apply']);

    expect(look).toMatchObject({ exitCode: 1 });
    expect(look.stdout).toMatch(/│ schedule +│ 1 +│ 0 +│ 0 +│ 0 +│ 1 +│ 0 +│/);
    expect(look.stdout).toContain(`│ schedule │ ${id} │ every 1 seconds `);
    expect(look.stdout).toMatch(new RegExp(`${broken} .*unknown unit "fortnights"`));
    expect(look.stderr).toContain('Nothing was changed: --apply does it.');
    expect(before.status).toBe(401);
    expect(applied).toMatchObject({ exitCode: 1 });
    expect(applied.stderr).toBe('error: 1 rows of the replaced service are not taken\n');
    const [arrival] = await sink.received(1);
    expect(arrival?.headers).toMatchObject({ authorization: 'Token receiver-token', 'x-schedule-id': id });
    expect(arrival?.body).toBe('{"from": "there"}');
    // Who was refused a moment ago is believed within three seconds.
    await expect
      .poll(async () => (await service.call('GET', '/api/v1/schedule/', undefined, asAnn)).body as unknown, {
        timeout: 9000,
      })
      .toMatchObject({ results: [{ id, created_by: `${service.url}/api/v1/user/7/` }] });
    for (const { stdout, stderr } of [look, applied]) expect(stdout + stderr).not.toMatch(/receiver-token|c05fbab6/);
  });

  it('finds everything unchanged the second time, reads the URL from standard input, and stands in the audit log', async () => {
    await using database = await createDatabase();
    await using legacy = await startLegacyService();
    await legacy.hasToken(KEY, await legacy.hasUser({ id: 7, username: 'ann@example.org' }));
    await legacy.hasSchedule({ cron_definition: '@daily' });
    const { run } = commandLine({ DATABASE_URL: database.url });
    await run(['migrate']);

    const first = await run(['import', '--apply', '--stdin', '--json'], `${legacy.url}\n`);
    const second = await run(['import', '--apply', '--stdin', '--json'], legacy.url);

    expect([first.exitCode, second.exitCode]).toEqual([0, 0]);
    const { applied, ...added } = JSON.parse(first.stdout) as Differences & { applied: boolean };
    expect(applied).toBe(true);
    expect(added.user.added).toEqual({ count: 1, rows: [{ id: '7', name: 'ann@example.org' }] });
    const { user, token, schedule } = JSON.parse(second.stdout) as Differences;
    for (const difference of [user, token, schedule]) {
      expect(difference).toEqual({ ...NOTHING, unchanged: 1 });
    }
    const records = await database.query(
      `SELECT actor_kind, fields FROM audit_log WHERE action = 'import' ORDER BY id`,
    );
    expect(records).toEqual([
      { actor_kind: 'cli', fields: ['groups:0+0', 'users:1+0', 'memberships:0+0', 'tokens:1+0', 'schedules:1+0'] },
      { actor_kind: 'cli', fields: ['groups:0+0', 'users:0+0', 'memberships:0+0', 'tokens:0+0', 'schedules:0+0'] },
    ]);
  });

  it('wants to be told of a database, never by an argument, and repeats no password', async () => {
    await using database = await createDatabase();
    const { run } = commandLine({ DATABASE_URL: database.url });
    await run(['migrate']);
    expect(await run(['import'])).toMatchObject({ exitCode: 2, stdout: '' });
    const given = await run(['import', 'postgres://u:hunter2@127.0.0.1:9/none']);
    expect(given).toMatchObject({ exitCode: 2, stdout: '' });
    const unreachable = await run(['import', '--stdin'], 'postgres://u:hunter2@127.0.0.1:9/none');
    expect(unreachable).toMatchObject({ exitCode: 1, stdout: '' });
    expect(unreachable.stderr).toMatch(/^error: the replaced service's database cannot be read: connect ECONNREFUSED/);
    expect(given.stderr + unreachable.stderr).not.toContain('hunter2');
    const empty = await run(['import', '--stdin'], database.url);
    expect(empty.stderr).toMatch(/lacks table auth_group, table auth_user, .*table scheduler_schedule\n$/);
  });
});

const NONE = { count: 0, rows: [] };
const NOTHING = { added: NONE, changed: NONE, leftOut: NONE, conflicts: NONE, refused: NONE };
