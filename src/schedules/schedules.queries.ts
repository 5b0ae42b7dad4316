import { joinSigningSecrets } from '../auth/signing-secrets.queries.js';
import { insertDeliveries } from '../deliveries/delivery-queue.queries.js';

// New schedules, each with the trigger of its definition, when that is there and, for an enabled one, at work; the
// others are left out. One statement is one transaction: the triggers are held from being removed or put to rest until
// it commits. KEY SHARE, which the foreign key takes in any case, waits for a removal under way and then sees what it
// did; it passes other creations and a tick being taken. In order of id, so that two batches and a removal of many
// cannot deadlock.
export const CREATE_SCHEDULES = `
  WITH clock AS MATERIALIZED (
    SELECT date_trunc('milliseconds', clock_timestamp()) AS now
  ), wanted AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::int[], $7::text[],
                         $8::int[], $9::text[], $10::bytea[], $11::boolean[], $12::text[], $13::text[], $14::int[], $15::boolean[],
                         $16::timestamptz[])
             AS w (id, kind, text, time_zone, phase, frequency, endpoint, origin_id, payload, auth_token, enabled,
                   catch_up, overlap, created_by, needs_tick, counted_from)
  ), held AS MATERIALIZED (
    SELECT id AS trigger_id, kind, text, time_zone, phase, next_fire_at FROM triggers
     WHERE (kind, text, time_zone, phase) IN (SELECT kind, text, time_zone, phase FROM wanted)
     ORDER BY id FOR KEY SHARE
  ), made AS (
    INSERT INTO schedules (id, trigger_id, frequency, endpoint, origin_id, payload, auth_token, enabled, catch_up,
                           overlap, active_since, created_at, created_by, updated_at, updated_by)
    SELECT id, trigger_id, frequency, endpoint, origin_id, payload, auth_token, enabled, catch_up,
           overlap, now, coalesce(counted_from, now), created_by, coalesce(counted_from, now), created_by
      FROM wanted JOIN held USING (kind, text, time_zone, phase) CROSS JOIN clock
     WHERE next_fire_at IS NOT NULL OR NOT needs_tick
    RETURNING id, trigger_id, active_since, created_at
  )
  SELECT made.id, trigger_id, active_since AS now, created_at, next_fire_at FROM made JOIN held USING (trigger_id)`;

// Finds the trigger of a definition and keeps it from being removed until this transaction ends. Many creations share
// a trigger: KEY SHARE lets them pass each other, and a tick being taken.
export const FIND_TRIGGER = `
  SELECT id, next_fire_at FROM triggers
   WHERE kind = $1 AND text = $2 AND time_zone = $3 AND phase = $4
     FOR KEY SHARE`;

export const INSERT_TRIGGER = `
  INSERT INTO triggers (kind, text, time_zone, phase, next_fire_at) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT ON CONSTRAINT uq_triggers_definition DO NOTHING
  RETURNING id, next_fire_at`;

// In order of the key, so that two that make the same triggers cannot deadlock.
export const MAKE_TRIGGERS = `
  INSERT INTO triggers (kind, text, time_zone, phase, next_fire_at)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[])
             AS wanted (kind, text, time_zone, phase, first_tick)
   ORDER BY kind, text, time_zone, phase
  ON CONFLICT ON CONSTRAINT uq_triggers_definition DO NOTHING
  RETURNING id`;

// ACTIVATE_TRIGGER for many, locked in order of id as everywhere.
export const WAKE_TRIGGERS = `
  WITH resting AS MATERIALIZED (
    SELECT t.id, wanted.first_tick
      FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[])
        AS wanted (kind, text, time_zone, phase, first_tick)
      JOIN triggers t USING (kind, text, time_zone, phase)
     WHERE t.next_fire_at IS NULL AND wanted.first_tick IS NOT NULL
     ORDER BY t.id FOR NO KEY UPDATE OF t
  )
  UPDATE triggers t SET next_fire_at = resting.first_tick, fault = NULL
    FROM resting WHERE t.id = resting.id AND t.next_fire_at IS NULL
  RETURNING t.id`;

// A trigger that had no enabled schedule is due again from now on; a fault found before is given another chance.
export const ACTIVATE_TRIGGER = `
  UPDATE triggers SET next_fire_at = $2, fault = NULL WHERE id = $1 AND next_fire_at IS NULL RETURNING id`;

// Locks triggers that seem to have lost their last enabled schedule. FOR UPDATE waits for creations under way (they
// hold KEY SHARE), so that the statements after it, which look again, see what those added.
export const LOCK_UNUSED_TRIGGERS = `
  SELECT id FROM triggers t
   WHERE id = ANY($1) AND NOT EXISTS (SELECT FROM schedules WHERE trigger_id = t.id AND enabled)
   ORDER BY id FOR UPDATE`;

export const DELETE_UNUSED_TRIGGERS = `
  DELETE FROM triggers t WHERE id = ANY($1) AND NOT EXISTS (SELECT FROM schedules WHERE trigger_id = t.id)`;

export const REST_UNUSED_TRIGGERS = `
  UPDATE triggers t SET next_fire_at = NULL
   WHERE id = ANY($1) AND NOT EXISTS (SELECT FROM schedules WHERE trigger_id = t.id AND enabled)`;

// Each due tick is taken by one replica: rows that another one holds are passed over. NO KEY UPDATE leaves creations
// of schedules on the same trigger undisturbed.
export const LOCK_DUE_TRIGGERS = `
  SELECT id, kind, text, time_zone, phase, next_fire_at, next_fire_at::text AS due_exactly, clock_timestamp() AS now
    FROM triggers
   WHERE next_fire_at <= clock_timestamp()
   ORDER BY next_fire_at LIMIT $1
     FOR NO KEY UPDATE SKIP LOCKED`;

// Takes the ticks, by compare-and-set: a trigger that has moved on is left alone. Compares with the instant as PostgreSQL
// writes it: a Date has no microseconds and no infinity, and a trigger that is not recognised would be due for ever.
export const TAKE_TICKS = `
  UPDATE triggers t
     SET next_fire_at = taken.next, last_fire_at = coalesce(taken.tick, t.last_fire_at), fault = taken.fault
    FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::text[])
      AS taken (id, due, tick, next, fault)
   WHERE t.id = taken.id AND t.next_fire_at = taken.due
  RETURNING t.id`;

// Milliseconds until the next tick that is not due yet.
export const NEXT_DUE_IN_MS = `
  SELECT (extract(epoch FROM min(next_fire_at) - clock_timestamp()) * 1000)::float8 AS ms FROM triggers
   WHERE next_fire_at IS NOT NULL AND isfinite(next_fire_at)`;

// Two looks at an index, and a count of rows that are few: the firings under way.
export const SCHEDULING_BACKLOG = `
  SELECT greatest(0, coalesce(extract(epoch FROM clock_timestamp() - min(next_fire_at)), 0))::float8 AS overdue_seconds,
         (SELECT count(*)::int FROM firings) AS firings
    FROM triggers WHERE next_fire_at IS NOT NULL AND isfinite(next_fire_at)`;

// Sets a due trigger aside that the database will not let advance.
export const SET_TRIGGER_ASIDE = `UPDATE triggers SET next_fire_at = NULL, fault = $2 WHERE id = $1`;

// Triggers that no sweep would find: due later than nearly every definition's next tick, or never although they have
// enabled schedules. Reads the whole table, which is why upkeep looks once a minute only.
export const STRANDED_TRIGGERS = `
  SELECT id, kind, text, time_zone, phase, next_fire_at, next_fire_at::text AS due_exactly, clock_timestamp() AS now
    FROM triggers t
   WHERE next_fire_at > now() + interval '11 years'
      OR next_fire_at IS NULL AND fault IS NULL
         AND EXISTS (SELECT FROM schedules s WHERE s.trigger_id = t.id AND s.enabled)
   LIMIT $1`;

export const RESCUE_TRIGGER = `
  UPDATE triggers SET next_fire_at = $3, fault = $4
   WHERE id = $1 AND next_fire_at IS NOT DISTINCT FROM $2::timestamptz`;

export const UPCOMING_TRIGGERS = `
  SELECT id, kind, text, time_zone, phase, next_fire_at, clock_timestamp() AS now FROM triggers
   WHERE next_fire_at <= clock_timestamp() + make_interval(secs => $1)
   ORDER BY next_fire_at LIMIT $2`;

// Queues one delivery of a schedule for the present instant, whether it is enabled or not. Ticks fall on whole seconds:
// an instant between them is no tick's, so it takes none's place in the history.
export const runNow = (inScope: string) => `
  WITH clock AS MATERIALIZED (
    SELECT date_trunc('milliseconds', clock_timestamp()) AS now
  ), schedule AS MATERIALIZED (
    SELECT id, origin_id, now,
           CASE WHEN now = date_trunc('second', now) THEN now + interval '1 millisecond' ELSE now END AS instant
      FROM schedules CROSS JOIN clock WHERE id = $1 AND ${inScope}
  ), queued AS (
    ${insertDeliveries('SELECT id, instant, origin_id, now FROM schedule')} RETURNING scheduled_for
  ), told AS MATERIALIZED (
    SELECT pg_notify('seed_deliveries', NULL) FROM queued
  )
  SELECT queued.scheduled_for FROM schedule LEFT JOIN queued ON true LEFT JOIN told ON true`;

export const LOAD_TARGETS = `
  SELECT s.id, s.endpoint, s.payload, s.auth_token, s.origin_id, s.trigger_id, s.halted_at, s.created_by,
         signing.secrets AS signing_secrets
    FROM schedules s ${joinSigningSecrets('s.created_by')}
   WHERE s.id = ANY($1)`;

// Triggers of the table keep these counts, in the transaction of each change: see the migration that made them.
export const countAll = (inScope: string) => `
  SELECT coalesce(sum(delta), 0)::int AS count FROM schedule_counts WHERE ${inScope}`;

// Few schedules are off, and they have an index, by owner too.
export const countEnabled = (inScope: string) => `
  SELECT ((SELECT coalesce(sum(delta), 0) FROM schedule_counts WHERE ${inScope})
          - (SELECT count(*) FROM schedules WHERE NOT enabled AND ${inScope}))::int AS count`;

// Puts the counts of each creator together into one row. Readers see all of its work or nothing; another replica that
// is at it makes it unnecessary. (-1 is no user's id; equality can be hashed, IS NOT DISTINCT FROM cannot.)
export const COMPACT_COUNTS = `
  WITH scattered AS MATERIALIZED (
    SELECT created_by FROM schedule_counts GROUP BY created_by
    HAVING count(*) > 1 AND (SELECT pg_try_advisory_xact_lock(hashtext('seed-scheduler schedule counts')))
  ), taken AS (
    DELETE FROM schedule_counts c USING scattered s
     WHERE coalesce(c.created_by, -1) = coalesce(s.created_by, -1)
    RETURNING c.created_by, c.delta
  )
  INSERT INTO schedule_counts (created_by, delta)
  SELECT created_by, sum(delta) FROM taken GROUP BY created_by HAVING sum(delta) <> 0`;
