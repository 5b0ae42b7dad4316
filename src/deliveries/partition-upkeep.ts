import { type DataSource, type EntityManager, QueryFailedError } from 'typeorm';
import { FORGET_OLD_ROWS, HOLD_APPENDS, LIST_PARTITIONS, LOCK_PARTITIONS, moveFromDefault } from './ledger.queries.js';
import { expiredPartitions, type Partition, partitionsAhead } from './partitions.js';

/** How long an upkeep may stand in the queue for a lock, since appends and reads queue up behind it. */
const LOCK_TIMEOUT_MS = 100;
const LOCK_NOT_AVAILABLE = '55P03';

// Rows are only ever added, and history is read from the index alone where a vacuum has been: so one in twenty new
// rows brings it, and not one in five. Milliseconds each, since it begins where the last one ended.
const STORAGE = 'autovacuum_vacuum_insert_scale_factor = 0.05';

/**
 * Makes the partitions that are missing, those of the next days too. Neither appends nor reads wait for those of days
 * to come, unless they need the default partition, and then for a moment. For a day that has begun, as on the first
 * start, appends wait.
 *
 * @returns false when something was in the way: it has to be tried again
 */
export async function makePartitions(dataSource: DataSource, now: Date): Promise<boolean> {
  if (missingAmong(await listPartitions(dataSource.manager), now).length === 0) return true;
  return withoutQueueing(dataSource, async (manager) => {
    await manager.query(LOCK_PARTITIONS);
    const missing = missingAmong(await listPartitions(manager), now);
    // An append under way that has chosen the default partition for a row of such a day would be refused by it
    // afterwards. Of days to come there are no rows.
    if (missing.some(({ from }) => new Date(from) <= now)) await manager.query(HOLD_APPENDS);
    for (const partition of missing) await makePartition(partition, manager);
  });
}

/**
 * Drops the partitions that are older than the retention time, each in a transaction of its own. That takes the whole
 * ledger for the moment of the drop: DETACH CONCURRENTLY, which would not, is not to be had beside a default partition.
 * So it is given up after a tenth of a second rather than that deliveries queue up behind it.
 *
 * @returns false when something was in the way: it has to be tried again
 */
export async function dropPartitions(dataSource: DataSource, now: Date, retentionDays: number): Promise<boolean> {
  let isDone = true;
  for (const name of expiredPartitions(await listPartitions(dataSource.manager), now, retentionDays)) {
    isDone &&= await withoutQueueing(dataSource, async (manager) => {
      await manager.query(`DROP TABLE IF EXISTS ${name}`);
    });
  }
  return isDone;
}

/** Removes what is older than the retention time and stands in no daily partition. */
export async function forgetOldRows(dataSource: DataSource, now: Date, retentionDays: number): Promise<void> {
  const oldest = new Date(now.getTime() - retentionDays * 86_400_000);
  for (const sql of FORGET_OLD_ROWS) await dataSource.query(sql, [oldest]);
}

/** Made aside and then attached: CREATE … PARTITION OF would wait for all appends, and they for it. */
async function makePartition({ name, from, to }: Partition, manager: EntityManager): Promise<void> {
  await manager.query(`CREATE TABLE ${name} (LIKE attempts INCLUDING ALL) WITH (${STORAGE})`);
  // Attaching looks whether the default partition has rows of this day; they are there when upkeep was late.
  await manager.query('LOCK TABLE attempts_default IN ACCESS EXCLUSIVE MODE');
  await manager.query(moveFromDefault(name), [from, to]);
  await manager.query(`ALTER TABLE attempts ATTACH PARTITION ${name} FOR VALUES FROM ('${from}') TO ('${to}')`);
}

async function listPartitions(manager: EntityManager): Promise<string[]> {
  return (await manager.query<{ name: string }[]>(LIST_PARTITIONS)).map(({ name }) => name);
}

function missingAmong(existing: string[], now: Date): Partition[] {
  return partitionsAhead(now).filter(({ name }) => !existing.includes(name));
}

/** @returns whether it was done; false when a lock was not to be had in time */
async function withoutQueueing(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<void>,
): Promise<boolean> {
  try {
    await dataSource.transaction(async (manager) => {
      await manager.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
      await work(manager);
    });
    return true;
  } catch (error) {
    const code = error instanceof QueryFailedError ? (error.driverError as { code?: string }).code : undefined;
    if (code === LOCK_NOT_AVAILABLE) return false;
    throw error;
  }
}
