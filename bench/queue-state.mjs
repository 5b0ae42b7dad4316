// How far the service has come, read from its tables. The one place of the benchmark that knows how deliveries wait.
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/** @returns the table in which deliveries wait, and the condition for a row that has not ended */
async function queueOf(database) {
  const own = await database.value(`SELECT to_regclass('public.deliveries')`);
  if (own) return { table: 'public.deliveries', isWaiting: 'true' };
  const table = await database.value(`SELECT table_name FROM pgboss.queue WHERE name = 'deliveries'`);
  return { table: `pgboss.${table}`, isWaiting: `state < 'completed'` };
}

/** Deliveries that have been ordered: those with an outcome, and those that still wait for one. */
export async function orderedSoFar(database) {
  const { table, isWaiting } = await queueOf(database);
  return Number(
    await database.value(
      `SELECT (SELECT count(*) FROM ${table} WHERE ${isWaiting}) +
              (SELECT count(*) FROM attempts WHERE outcome IS NOT NULL)`,
    ),
  );
}

export async function waitingNow(database) {
  const { table, isWaiting } = await queueOf(database);
  return Number(await database.value(`SELECT count(*) FROM ${table} WHERE ${isWaiting}`));
}

/**
 * Rows that were ever added to the queue, by the server's own statistics: these cost nothing to ask for, however many
 * rows there are, but are up to a second behind.
 */
export async function insertedSoFar(database) {
  const { table } = await queueOf(database);
  return Number(await database.value('SELECT pg_stat_get_tuples_inserted($1::regclass)', [table]));
}

/** Resolves when no delivery waits any more. */
export async function settled(database, patienceMs = 60_000) {
  const { table, isWaiting } = await queueOf(database);
  const deadline = Date.now() + patienceMs;
  while (await database.value(`SELECT EXISTS (SELECT FROM ${table} WHERE ${isWaiting})`)) {
    if (Date.now() > deadline) throw new Error('deliveries are left over');
    await delay(POLL_MS);
  }
}

/** Bytes on disk: of the queue's table, and of all partitions of the ledger, indexes included. */
export async function sizesOf(database) {
  const { table } = await queueOf(database);
  const queue = await database.value('SELECT pg_total_relation_size($1::regclass)', [table]);
  const ledger = await database.value(
    `SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'attempts'::regclass`,
  );
  return { queue: Number(queue), ledger: Number(ledger) };
}
