// Appends attempts. A row that is there already stays: a settlement repeated after a lost reply adds nothing.
export const APPEND_ATTEMPTS = `
  INSERT INTO attempts (delivery_id, attempt, scheduled_for, schedule_id, started_at, duration_ms, status, error,
                        excerpt, outcome, retry_at, missed_from, missed_count, replica)
  SELECT * FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::uuid[], $5::timestamptz[], $6::int[], $7::int[],
                       $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::int[],
                       $14::text[])
  ON CONFLICT DO NOTHING`;

export const COUNT_DELIVERIES = `SELECT count(DISTINCT delivery_id)::int AS count FROM attempts WHERE schedule_id = $1`;

// One page of a schedule's deliveries, newest tick first, each with all of its rows in order.
// The inner query walks the index on (schedule_id, scheduled_for) backwards and stops at the page's end.
export const PAGE_OF_DELIVERIES = `
  SELECT a.*
    FROM (SELECT scheduled_for, delivery_id FROM attempts WHERE schedule_id = $1
           GROUP BY scheduled_for, delivery_id ORDER BY scheduled_for DESC, delivery_id LIMIT $2 OFFSET $3) page
    JOIN attempts a USING (scheduled_for, delivery_id)
   ORDER BY a.scheduled_for DESC, a.delivery_id, a.attempt`;

// Serialises replicas that look after the partitions at the same time.
export const LOCK_PARTITIONS = `SELECT pg_advisory_xact_lock(hashtext('seed-scheduler attempts partitions'))`;

export const LIST_PARTITIONS = `
  SELECT child.relname AS name
    FROM pg_inherits i JOIN pg_class child ON child.oid = i.inhrelid
   WHERE i.inhparent = 'attempts'::regclass AND child.relname ~ '^attempts_[0-9]{8}$'`;
