import { setTimeout as delay } from 'node:timers/promises';
import { below } from '../goals.mjs';
import { timed } from '../in-flight.mjs';
import { compact, scaled, summary } from '../numbers.mjs';
import { cloneRow, makeDueByInterval, secondAfter, seedSchedules } from '../seed.mjs';
import { settled } from '../queue-state.mjs';
import { startService, withService } from '../service.mjs';
import { startSink } from '../sink.mjs';

const FULL_ATTEMPTS = 10_000_000;
const DAYS = 10;
const ATTEMPTS_OF_A_SCHEDULE = 1_000;
const FULL_READS = 500;
const DAY_MS = 86_400_000;
const MARGIN_MS = 2_000;
const POLL_MS = 50;
const UPKEEP_PATIENCE_MS = 60_000;

export const name = 'history';
export const title = 'history of one schedule among 10,000,000 attempts';

/** Ten days of history; the page of one schedule of many, and the end of the oldest day. */
export async function run({ postgres, scale, progress }) {
  const attempts = scaled(FULL_ATTEMPTS, scale, 100_000);
  const schedules = attempts / ATTEMPTS_OF_A_SCHEDULE;
  const sink = await startSink();
  const figures = await withService(postgres, {}, async ({ database, service }) => {
    progress(`seeding ${attempts} attempts of ${schedules} schedules`);
    const ids = await seedHistory({ database, service, sink, schedules, attempts });
    await postgres.checkpoint();
    progress('reading');
    // Another schedule each time: nobody reads the same one again and again.
    const path = (index) => `/api/v1/schedule/${ids[(index * 7919) % ids.length]}/deliveries/?limit=100`;
    const page = summary(await timed(scaled(FULL_READS, scale, 100), (index) => service.get(path(index))));
    const bytes = Number(
      await database.value(
        `SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'attempts'::regclass`,
      ),
    );
    await service.stop();
    progress('dropping a day');
    return { attempts, page, ledgerBytesPerAttempt: bytes / attempts, dropMs: await dropOldestDay(database, postgres) };
  });
  await sink.stop();
  const { page, dropMs, ledgerBytesPerAttempt } = figures;
  return {
    figures,
    goals: [
      below('p99 of a page of 100 deliveries', page.p99, 50, ' ms'),
      below(`to drop a day of ${compact(attempts / DAYS)} attempts`, dropMs, 1_000, ' ms'),
    ],
    rows: [
      ['page of 100', `p50 ${compact(page.p50)} ms, p99 ${compact(page.p99)} ms, at most ${compact(page.max)} ms`],
      ['disk', `${compact(ledgerBytesPerAttempt)} bytes an attempt`],
    ],
  };
}

/** Partitions of past days, filled before they are attached: an index is made faster at once than row by row. */
async function seedHistory({ database, service, sink, schedules, attempts }) {
  const { triggerId } = await seedSchedules(database, service, 1, { endpoint: sink.urlOf() });
  await makeDueByInterval(database, triggerId, secondAfter(MARGIN_MS));
  await sink.received(1);
  await settled(database);
  await seedSchedules(database, service, schedules, { endpoint: sink.urlOf() });
  await database.query(
    `CREATE TABLE bench_schedules AS SELECT row_number() OVER () AS number, id FROM schedules ORDER BY id LIMIT ${schedules}`,
  );
  await database.query('CREATE INDEX ON bench_schedules (number) INCLUDE (id)');
  await database.query('ANALYZE bench_schedules');
  const today = Math.floor(Date.now() / DAY_MS);
  for (let age = DAYS; age >= 1; age--) await seedDay(database, (today - age) * DAY_MS, schedules, attempts / DAYS);
  await database.query('VACUUM ANALYZE attempts');
  return (await database.query('SELECT id FROM bench_schedules')).map(({ id }) => id);
}

async function seedDay(database, day, schedules, count) {
  const [from, to] = [new Date(day).toISOString(), new Date(day + DAY_MS).toISOString()];
  const table = partitionName(day);
  // Yesterday's is there already.
  await database.query(`DROP TABLE IF EXISTS ${table}`);
  await database.query(`CREATE TABLE ${table} (LIKE attempts INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`);
  const at = `'${from}'::timestamptz + (i - 1) * interval '${DAY_MS / count} ms'`;
  const values = {
    delivery_id: 'gen_random_uuid()',
    schedule_id: `(SELECT id FROM bench_schedules WHERE number = 1 + i % ${schedules})`,
    scheduled_for: at,
    started_at: at,
  };
  // Copied from the one real attempt, which is today's.
  await cloneRow(database, 'attempts', `s.started_at >= current_date`, count, values, table);
  await database.query(`ALTER TABLE attempts ATTACH PARTITION ${table} FOR VALUES FROM ('${from}') TO ('${to}')`);
}

function partitionName(day) {
  return `attempts_${new Date(day).toISOString().slice(0, 10).replaceAll('-', '')}`;
}

/**
 * A start with a retention time that has just passed the oldest day. The server's own log tells how long the upkeep's
 * transaction took.
 */
async function dropOldestDay(database, postgres) {
  const oldest = partitionName((Math.floor(Date.now() / DAY_MS) - DAYS) * DAY_MS);
  await database.query(`ALTER DATABASE ${database.name} SET log_min_duration_statement = 0`);
  const logged = postgres.readLog().length;
  const service = await startService(database, { env: { HISTORY_RETENTION_DAYS: String(DAYS - 1) } });
  try {
    const deadline = Date.now() + UPKEEP_PATIENCE_MS;
    while (await database.value('SELECT to_regclass($1)', [oldest])) {
      if (Date.now() > deadline) throw new Error('the oldest day was not dropped');
      await delay(POLL_MS);
    }
  } finally {
    await service.stop();
  }
  return transactionMs(postgres.readLog().slice(logged), oldest);
}

/** Adds up the statements of the transaction that dropped a table, by the process that ran them. */
function transactionMs(log, table) {
  const lines = [...log.matchAll(/\[(\d+)\].*?duration: ([\d.]+) ms\s+\w+[^:]*: (.*)/g)];
  const dropAt = lines.findIndex(([, , , sql]) => sql.startsWith(`DROP TABLE IF EXISTS ${table}`));
  if (dropAt < 0) throw new Error('the log does not tell how the oldest day was dropped');
  const process = lines[dropAt][1];
  const own = lines.map(([, pid, ms, sql]) => ({ pid, ms: Number(ms), sql })).filter(({ pid }) => pid === process);
  const drop = own.findIndex(({ sql }) => sql.startsWith(`DROP TABLE IF EXISTS ${table}`));
  const start = own.findLastIndex(({ sql }, index) => index < drop && /^(START TRANSACTION|BEGIN)/.test(sql));
  const end = own.findIndex(({ sql }, index) => index > drop && sql.startsWith('COMMIT'));
  if (start < 0 || end < 0) throw new Error('the log does not show the whole transaction');
  return own.slice(start, end + 1).reduce((sum, { ms }) => sum + ms, 0);
}
