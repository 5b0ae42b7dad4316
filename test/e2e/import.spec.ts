import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    const applied = await run(['import', '--apply', '--visibility', 'group']);

    expect(look).toMatchObject({ exitCode: 1 });
    expect(look.stdout).toMatch(/│ schedule +│ 1 +│ 0 +│ 0 +│ 0 +│ 0 +│ 0 +│ 1 +│ 0 +│/);
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

    const args = ['import', '--apply', '--visibility', 'group', '--stdin', '--json'];
    const first = await run(args, `${legacy.url}\n`);
    const second = await run(args, legacy.url);

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
      {
        actor_kind: 'cli',
        fields: ['groups:0+0-0', 'users:1+0-0', 'memberships:0+0-0', 'tokens:1+0-0', 'schedules:1+0-0'],
      },
      {
        actor_kind: 'cli',
        fields: ['groups:0+0-0', 'users:0+0-0', 'memberships:0+0-0', 'tokens:0+0-0', 'schedules:0+0-0'],
      },
    ]);
  });

  it('asks for decisions, shows what each user will see, and changes nothing before', async () => {
    await using database = await createDatabase();
    await using legacy = await startLegacyService();
    const ann = await legacy.hasUser({ id: 7, username: 'ann@example.org' });
    const bob = await legacy.hasUser({ id: 8, username: 'bob@example.org' });
    await legacy.hasSchedule({ cron_definition: '@daily', created_by_id: ann });
    await legacy.hasSchedule({ cron_definition: '@daily', created_by_id: bob, frequency: 3 });
    await legacy.hasSchedule({ cron_definition: '0 0 1 1 * 2030', created_by_id: bob });
    await legacy.hasSchedule({ cron_definition: '@daily' });
    const { run } = commandLine({ DATABASE_URL: database.url, IMPORT_DATABASE_URL: legacy.url });
    const everyone = commandLine({
      ...{ DATABASE_URL: database.url, IMPORT_DATABASE_URL: legacy.url, SCHEDULE_VISIBILITY: 'all' },
    });
    await run(['migrate']);

    const look = await run(['import']);
    const undecided = await run(['import', '--apply']);
    const disagreeing = await run(['import', '--apply', '--visibility', 'all', '--drop-frequency']);
    const unlimited = await run(['import', '--apply', '--visibility', 'group']);
    const both = await run(['import', '--keep-frequency', '--drop-frequency']);
    const odd = await run(['import', '--visibility', 'groups']);
    const nobody = await run(['import', '--owner-of-ownerless', 'x@example.org']);
    const before = await database.query('SELECT id FROM schedules');
    const done = await everyone.run([
      ...['import', '--apply', '--visibility', 'all', '--drop-frequency', '--apply-proposals'],
    ]);

    expect(look.stdout).toMatch(/With --visibility group, 2 of 2 users see fewer here/);
    expect(look.stdout).toMatch(/│ ann@example.org │ 4 +│ 1 +│ 3 +│/);
    expect(look.stdout).toMatch(/proposed: cron_definition "0 0 1 1 \*"/);
    expect(look.stdout).toContain('1 schedules have no creator: only admins see them with --visibility group.');
    expect(look.stderr).toMatch(
      /- Choose --visibility group .*\n- Choose --keep-frequency or --drop-frequency: 1 enabled/,
    );
    const refusals = [undecided, disagreeing, unlimited, both, odd, nobody];
    expect(refusals.map(({ exitCode, stdout }) => [exitCode, stdout])).toEqual(refusals.map(() => [2, '']));
    expect(undecided.stderr).toMatch(/^error: --apply needs --visibility group or --visibility all/);
    expect(disagreeing.stderr).toMatch(/^error: --visibility is all, but the setting SCHEDULE_VISIBILITY is group/);
    expect(unlimited.stderr).toMatch(/^error: 1 enabled schedules .* have a frequency/);
    expect(nobody.stderr).toBe('error: no user is known as x@example.org, there or here\n');
    expect(before).toEqual([]);
    expect(done).toMatchObject({ exitCode: 0 });
    expect(done.stdout).toContain('Every user sees and changes all 4 schedules');
    const after = await database.query('SELECT frequency FROM schedules WHERE enabled');
    expect(after).toEqual(Array.from({ length: 4 }, () => ({ frequency: null })));
  });

  it('removes what is gone there by --prune, which the audit log has, and writes all rows to a file', async () => {
    await using database = await createDatabase();
    await using legacy = await startLegacyService();
    const gone = await legacy.hasSchedule({ cron_definition: '@daily' });
    await legacy.query(
      `INSERT INTO scheduler_schedule (id, triggered, cron_definition, endpoint, enabled, updated_at, created_at)
       SELECT gen_random_uuid(), 0, '0 0 * * 7', 'http://127.0.0.1:9/', true, now(), now() FROM generate_series(1, 1200)`,
    );
    const { run } = commandLine({ DATABASE_URL: database.url, IMPORT_DATABASE_URL: legacy.url });
    await run(['migrate']);
    const folder = await mkdtemp(join(tmpdir(), 'seed-report-'));
    const path = join(folder, 'report.tsv');
    const apply = ['import', '--apply', '--visibility', 'group'];

    const short = await run(['import']);
    await run([...apply, '--report', path]);
    const report = await readFile(path, 'utf8');
    const { mode } = await stat(path);
    await legacy.query('DELETE FROM scheduler_schedule WHERE id = $1', [gone]);
    const listed = await run(apply);
    const pruned = await run([...apply, '--prune']);
    const unwritable = await run(['import', '--report', folder]);
    await rm(folder, { recursive: true });

    expect(short.stdout.match(/never ran there/g)).toHaveLength(1000);
    expect(short.stdout).toContain('and 200 more: --report <file> gives all');
    expect(report.match(/^added\tschedule\t[0-9a-f-]{36}\t0 0 \* \* 7\tnever ran there/gm)).toHaveLength(1200);
    expect(mode & 0o777).toBe(0o600);
    expect(listed.stdout).toMatch(new RegExp(`${gone} .* is no longer there, but keeps running here`));
    expect(pruned).toMatchObject({ exitCode: 0 });
    expect(await database.query('SELECT id FROM schedules WHERE id = $1', [gone])).toEqual([]);
    const records = await database.query(
      `SELECT actor_kind, target_id FROM audit_log WHERE action = 'schedule.delete'`,
    );
    expect(records).toEqual([{ actor_kind: 'cli', target_id: gone }]);
    expect(unwritable).toMatchObject({ exitCode: 1, stdout: '' });
    expect(unwritable.stderr).toMatch(/^error: the report cannot be written: EISDIR/);
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
const NOTHING = {
  ...{ added: NONE, changed: NONE, removed: NONE, leftOut: NONE, gone: NONE, conflicts: NONE, refused: NONE },
};
