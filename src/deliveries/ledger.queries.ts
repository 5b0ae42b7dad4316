// Ticks that a schedule missed, a row for each run of them.
export const RECORD_MISSED = `
  INSERT INTO attempts (schedule_id, scheduled_for, attempt, started_at, outcome, missed_from, missed_count, replica)
  SELECT schedule_id, missed_to, 0, now(), 'missed', missed_from, missed_count, $5
    FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::int[])
      AS missed (schedule_id, missed_from, missed_to, missed_count)
  ON CONFLICT DO NOTHING`;

/**
 * Records ticks that were passed over, for statements that know of them in SQL.
 *
 * @param source SELECT of schedule_id, scheduled_for
 * @param replica parameter that names this process
 */
export const insertSkipped = (source: string, replica: string) => `
  INSERT INTO attempts (schedule_id, scheduled_for, attempt, started_at, outcome, replica)
  SELECT schedule_id, scheduled_for, 0, now(), 'skipped', ${replica}
    FROM (${source}) AS skipped ON CONFLICT DO NOTHING`;

// A schedule has one delivery for a tick, so its ticks are counted: they stand in the index, in order, and it is all that
// is read. A delivery can begin with any attempt, so no kind of row stands for exactly one.
export const COUNT_DELIVERIES = `
  SELECT count(DISTINCT scheduled_for)::int AS count FROM attempts WHERE schedule_id = $1`;

// One page of a schedule's deliveries, newest tick first, each with all of its rows in order.
// The inner query walks the index on (schedule_id, scheduled_for) backwards and stops at the page's end; the outer one
// finds the rows by the same index, where they lie side by side.
export const PAGE_OF_DELIVERIES = `
  SELECT a.*
    FROM (SELECT DISTINCT scheduled_for FROM attempts WHERE schedule_id = $1
           ORDER BY scheduled_for DESC LIMIT $2 OFFSET $3) page
    JOIN attempts a ON a.schedule_id = $1 AND a.scheduled_for = page.scheduled_for
   ORDER BY a.scheduled_for DESC, a.attempt`;

// Serialises replicas that look after the partitions at the same time.
export const LOCK_PARTITIONS = `SELECT pg_advisory_xact_lock(hashtext('seed-scheduler attempts partitions'))`;

export const LIST_PARTITIONS = `
  SELECT child.relname AS name
    FROM pg_inherits i JOIN pg_class child ON child.oid = i.inhrelid
   WHERE i.inhparent = 'attempts'::regclass AND child.relname ~ '^attempts_[0-9]{8}$'`;

// Appends wait, and choose their partitions afterwards; reads go on.
export const HOLD_APPENDS = 'LOCK TABLE attempts IN SHARE ROW EXCLUSIVE MODE';

// Rows that went to the default partition because the one of their day was not there yet.
export const moveFromDefault = (partition: string) => `
  WITH moved AS (
    DELETE FROM attempts_default WHERE scheduled_for >= $1 AND scheduled_for < $2 RETURNING *
  )
  INSERT INTO ${partition} SELECT * FROM moved`;

export const FORGET_OLD_ROWS = [
  'DELETE FROM attempts_default WHERE scheduled_for < $1',
  'DELETE FROM failed_tasks WHERE scheduled_for < $1',
];
