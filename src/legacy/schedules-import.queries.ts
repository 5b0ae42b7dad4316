export const SCHEDULES_HERE = `
  SELECT s.id, t.kind, t.text, t.time_zone, t.phase, s.frequency, s.endpoint, s.payload, s.auth_token, s.enabled, s.triggered, s.last_run,
         s.created_by, s.trigger_id, s.updated_at::text, s.updated_at >= s.active_since AS is_changed_here
    FROM schedules s JOIN triggers t ON t.id = s.trigger_id
   WHERE s.id = ANY($1)`;

// Only users remove schedules here, and imports, which know what they removed.
export const REMOVED_HERE = `
  SELECT DISTINCT target_id AS id FROM audit_log
   WHERE target_kind = 'schedule' AND action = 'schedule.delete' AND outcome = 'done' AND actor_kind = 'user'
     AND target_id = ANY($1)`;

// Records of what was taken from a database, of a range of ids and of some others: a range has one page of the schedules
// there, and those that are no longer there. Two walks of the index, where OR would be a walk of the whole table.
export const RECORDED = `
  SELECT id::text FROM imported_schedules
   WHERE source = $1 AND ($2::uuid IS NULL OR id > $2) AND ($3::uuid IS NULL OR id <= $3)
   UNION
  SELECT id::text FROM imported_schedules WHERE source = $1 AND id = ANY($4::uuid[])`;

export const RECORD_SCHEDULES = `
  INSERT INTO imported_schedules (source, id) SELECT $1, * FROM unnest($2::uuid[]) ON CONFLICT DO NOTHING`;

// In order of id, as everybody locks schedules. Some may have been changed since they were read.
export const LOCK_TO_PRUNE = `
  SELECT id::text, trigger_id FROM schedules WHERE id = ANY($1) AND ($2 OR updated_at < active_since)
   ORDER BY id FOR UPDATE`;

export const PRUNE = `DELETE FROM schedules WHERE id = ANY($1)`;

export const FORGET_RECORDS = `DELETE FROM imported_schedules WHERE source = $1 AND id = ANY($2)`;

const WANTED = `
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::int[], $7::text[],
                         $8::int[], $9::text[], $10::bytea[], $11::boolean[], $12::int[], $13::int[], $14::int[],
                         $15::timestamptz[], $16::timestamptz[], $17::boolean[], $18::timestamptz[], $19::timestamptz[])
             AS w (id, kind, text, time_zone, phase, frequency, endpoint, origin_id, payload, auth_token, enabled,
                   triggered, created_by, updated_by, created_at, updated_at, needs_tick, read_at, last_run)`;

// Held from being removed or put to rest until the commit, in the order in which everybody takes them: see the
// statement that creates schedules. What an import wrote is told from what was changed here by its instants: it was
// last changed before it became active here, and every change here is later.
const HELD = `
    SELECT id AS trigger_id, kind, text, time_zone, phase, next_fire_at FROM triggers
     WHERE (kind, text, time_zone, phase) IN (SELECT kind, text, time_zone, phase FROM wanted)
     ORDER BY id FOR KEY SHARE`;

// With its record, so that a later import knows it again.
const RECORD = (written: string) => `
    INSERT INTO imported_schedules (source, id) SELECT $20::int, id FROM ${written} ON CONFLICT DO NOTHING`;

const CLOCK = `SELECT date_trunc('milliseconds', clock_timestamp()) AS now`;

const LAST_CHANGE = `least(coalesce(w.updated_at, now), now - interval '1 millisecond')`;

export const ADD_SCHEDULES = `
  WITH clock AS MATERIALIZED (${CLOCK}), wanted AS MATERIALIZED (${WANTED}), held AS MATERIALIZED (${HELD}), added AS (
    INSERT INTO schedules (id, trigger_id, frequency, endpoint, origin_id, payload, auth_token, enabled, triggered,
                           last_run, active_since, created_at, created_by, updated_at, updated_by)
    SELECT id, trigger_id, frequency, endpoint, origin_id, payload, auth_token, enabled, triggered,
           last_run, now, least(coalesce(w.created_at, now), now), created_by, ${LAST_CHANGE}, updated_by
      FROM wanted w JOIN held USING (kind, text, time_zone, phase) CROSS JOIN clock
     WHERE next_fire_at IS NOT NULL OR NOT needs_tick
    ON CONFLICT (id) DO NOTHING
    RETURNING id
  ), recorded AS (${RECORD('added')})
  SELECT id FROM added`;

// A row that was changed between reading and writing is left alone. One whose definition stays keeps its trigger, and
// with it the phase of its interval.
export const CHANGE_SCHEDULES = `
  WITH clock AS MATERIALIZED (${CLOCK}), wanted AS MATERIALIZED (${WANTED}), held AS MATERIALIZED (${HELD}), changed AS (
    UPDATE schedules s
       SET trigger_id = held.trigger_id, frequency = w.frequency, endpoint = w.endpoint, origin_id = w.origin_id,
           payload = w.payload, auth_token = w.auth_token, enabled = w.enabled,
           triggered = greatest(s.triggered, w.triggered), last_run = greatest(s.last_run, w.last_run),
           created_by = w.created_by,
           halted_at = CASE WHEN s.enabled AND NOT w.enabled THEN now ELSE s.halted_at END,
           active_since = now, updated_at = ${LAST_CHANGE}, updated_by = w.updated_by
      FROM wanted w JOIN held USING (kind, text, time_zone, phase) CROSS JOIN clock
     WHERE s.id = w.id AND s.updated_at = w.read_at AND (next_fire_at IS NOT NULL OR NOT needs_tick)
    RETURNING s.id
  ), recorded AS (${RECORD('changed')})
  SELECT id FROM changed`;
