import { setTimeout as delay } from 'node:timers/promises';
import { end, runScript, startScript } from '../processes.mjs';
import { measureRun } from './measure.mjs';

const POLL_MS = 20;
const SETTLE_PATIENCE_MS = 60_000;

// What the service's own tables have of these columns and indexes.
const TABLES = `
  CREATE TABLE schedules (
    id uuid PRIMARY KEY,
    endpoint text NOT NULL,
    payload text NOT NULL,
    auth_token bytea
  );
  CREATE TABLE attempts (
    delivery_id uuid NOT NULL,
    attempt integer NOT NULL,
    scheduled_for timestamptz NOT NULL,
    schedule_id uuid NOT NULL,
    started_at timestamptz NOT NULL,
    duration_ms integer,
    status integer,
    error text,
    excerpt text,
    outcome text,
    replica text NOT NULL,
    PRIMARY KEY (delivery_id, attempt, scheduled_for)
  );
  CREATE INDEX ON attempts (schedule_id, scheduled_for);`;

/**
 * A round of a peer: its jobs wait in its queue, all of them due, before its worker starts. That spares it what the
 * service does meanwhile, turning a tick into jobs.
 *
 * @param script in bench/peers: takes `enqueue` or `work`, the database's URL and `args`
 * @param isSettled asks, by the database, whether no job is left; or
 * @param whenSettled resolves then, given the worker's process
 */
export async function peerRound({ postgres, sink, count }, { script, args = [], isSettled, whenSettled }) {
  const database = await postgres.createDatabase();
  let child;
  try {
    await database.query(TABLES);
    await database.query(
      `INSERT INTO schedules SELECT uuidv7(), $1, '{"hello":"world"}', NULL FROM generate_series(1, $2::int)`,
      [sink.urlOf(), count],
    );
    await runScript(script, ['enqueue', database.url, ...args]);
    // What autovacuum would have done had the jobs come in over a minute.
    await database.query('ANALYZE');
    await postgres.checkpoint();
    await sink.reset();
    child = startScript(script, ['work', database.url, ...args]);
    const isOver = whenSettled?.(child) ?? null;
    if (!isOver) child.stdout.resume();
    const settled = () => isOver ?? pollUntil(() => isSettled(database));
    return await measureRun({ sink, postgres, database, count, child, settled });
  } finally {
    if (child) await end(child);
    await database.drop();
  }
}

async function pollUntil(isTrue) {
  const deadline = Date.now() + SETTLE_PATIENCE_MS;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error('jobs are left over');
    await delay(POLL_MS);
  }
}
