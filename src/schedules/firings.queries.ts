import { insertDeliveries } from '../deliveries/delivery-queue.queries.js';
import { insertSkipped } from '../deliveries/ledger.queries.js';

// A firing has one tick, or those of a replay: see MAX_CAUGHT_UP_TICKS. More of them would flood the queue.
const MAX_TICKS = 1_000;
const CAN_BE_FIRED = `fault IS NULL AND cardinality(ticks) <= ${MAX_TICKS}`;

// One page of each of some firings: orders the deliveries of its ticks, counts the runs, turns off schedules that have
// had their last one, and moves the cursor on, or ends the firing with its last page. One statement is one transaction:
// each page is fired once, by one replica. Firings that were not begun come first, so that a large one holds up nobody.
// $1 firings, $2 schedules of each, $3 schedules in all; $4 whether late firings are meant, or those on time; $6 one
// firing alone, or null.
//
// The page is read first and locked in order of id second, so that the cursor depends on what was there and not on
// what a concurrent change left over, and two pages cannot deadlock. Locking looks again: `due` is reckoned from what
// the schedules are by then. A run that falls to a schedule beyond its `frequency` is none.
//
// Values that the service did not write cannot stop it: the count of runs stays at the end of its range, and ticks that
// are null or in no order fire nothing or in order.
//
// The planner knows little of what comes out of all this, and would rather read a large table whole. So the cursor is a
// plain condition on the key, and schedules are locked one by one.
export const FIRE_PAGES = `
  WITH firing AS MATERIALIZED (
    SELECT *, greatest((SELECT max(tick) FROM unnest(ticks) AS tick), dropped_to) AS latest
      FROM firings WHERE is_late = $4 AND ${CAN_BE_FIRED} AND ($6::bigint IS NULL OR id = $6)
     ORDER BY after IS NOT NULL, id LIMIT $1
       FOR UPDATE SKIP LOCKED
  ), page AS MATERIALIZED (
    SELECT f.id AS firing_id, s.id
      FROM firing f
     CROSS JOIN LATERAL (
       SELECT id FROM schedules
        WHERE trigger_id = f.trigger_id
          AND id >= coalesce(f.after, '00000000-0000-0000-0000-000000000000') AND id IS DISTINCT FROM f.after
          AND enabled AND active_since < f.latest
        ORDER BY id LIMIT $2) s
     LIMIT $3
  ), held AS MATERIALIZED (
    SELECT s.*
      FROM (SELECT DISTINCT id FROM page ORDER BY id) p
     CROSS JOIN LATERAL (
       SELECT id, trigger_id, origin_id, active_since, catch_up, overlap, frequency - triggered AS runs_left
         FROM schedules WHERE id = p.id AND enabled LIMIT 1 FOR NO KEY UPDATE) s
  ), part AS MATERIALIZED (
    SELECT p.firing_id, h.* FROM page p JOIN firing f ON f.id = p.firing_id JOIN held h ON h.id = p.id
     WHERE h.trigger_id = f.trigger_id
  ), due AS MATERIALIZED (
    SELECT p.id AS schedule_id, t.tick AS scheduled_for, p.origin_id, p.overlap, p.runs_left,
           row_number() OVER (PARTITION BY p.id ORDER BY t.tick) AS nth
      FROM part p JOIN firing f ON f.id = p.firing_id
     CROSS JOIN LATERAL unnest(CASE WHEN NOT is_late OR catch_up = 'all' THEN ticks
                                    WHEN catch_up = 'latest' THEN ticks[cardinality(ticks):] END) AS t (tick)
     WHERE t.tick > p.active_since
  ), judged AS MATERIALIZED (
    SELECT due.*,
           overlap = 'skip' AND (nth > 1 OR EXISTS (
             SELECT FROM deliveries d WHERE d.schedule_id = due.schedule_id AND d.scheduled_for <> due.scheduled_for)
           ) AS is_skipped
      FROM due WHERE overlap = 'skip' OR runs_left IS NULL OR nth <= runs_left
  ), fired AS (
    UPDATE schedules s
       SET triggered = least(s.triggered::bigint + runs.count, 2147483647)::int, last_run = greatest(s.last_run, runs.latest),
           enabled = s.frequency IS NULL OR s.triggered::bigint + runs.count < s.frequency
      FROM (SELECT schedule_id, count(*)::int AS count, max(scheduled_for) AS latest
              FROM judged WHERE NOT is_skipped GROUP BY schedule_id) runs
     WHERE s.id = runs.schedule_id
    RETURNING s.id, s.enabled
  ), queued AS (
    ${insertDeliveries(`SELECT schedule_id, scheduled_for, origin_id, now() + (nth - 1) * interval '1 microsecond'
      FROM judged WHERE NOT is_skipped ORDER BY schedule_id`)}
  ), skipped AS (
    ${insertSkipped('SELECT schedule_id, scheduled_for FROM judged WHERE is_skipped', '$5')}
  ), progress AS MATERIALIZED (
    SELECT f.id, count(p.id)::int AS size, (array_agg(p.id ORDER BY p.id DESC))[1] AS last,
           count(p.id) < $2 AND (SELECT count(*) FROM page) < $3 AS is_done
      FROM firing f LEFT JOIN page p ON p.firing_id = f.id GROUP BY f.id
  ), moved AS (
    UPDATE firings SET after = progress.last FROM progress
     WHERE firings.id = progress.id AND NOT is_done AND progress.last IS NOT NULL
  ), ended AS (
    DELETE FROM firings WHERE id IN (SELECT id FROM progress WHERE is_done)
  ), told AS MATERIALIZED (
    SELECT pg_notify('seed_deliveries', NULL) WHERE EXISTS (SELECT FROM judged WHERE NOT is_skipped)
  )
  SELECT f.id, f.trigger_id, f.ticks, f.dropped_from, f.dropped_to, f.dropped_count, progress.size, progress.is_done,
         progress.size = 0 AND progress.is_done AND f.after IS NULL
           OR EXISTS (SELECT FROM page p JOIN fired ON fired.id = p.id WHERE p.firing_id = f.id AND NOT fired.enabled)
           AS is_unused,
         (SELECT count(*)::int FROM judged WHERE is_skipped) AS skipped_in_all,
         CASE WHEN is_late THEN (
           SELECT jsonb_agg(jsonb_build_object('id', id, 'activeSince', active_since::text, 'catchUp', catch_up))
             FROM part WHERE firing_id = f.id) END AS participants
    FROM firing f JOIN progress ON progress.id = f.id LEFT JOIN told ON true`;

export const RECORD_FIRINGS = `
  INSERT INTO firings (trigger_id, ticks, is_late, dropped_from, dropped_to, dropped_count)
  SELECT trigger_id, ticks::timestamptz[], is_late, dropped_from, dropped_to, dropped_count
    FROM unnest($1::bigint[], $2::text[], $3::boolean[], $4::timestamptz[], $5::timestamptz[], $6::int[])
      AS f (trigger_id, ticks, is_late, dropped_from, dropped_to, dropped_count)`;

export const DEFINITIONS_OF_TRIGGERS = `
  SELECT id, kind, text, time_zone, phase FROM triggers WHERE id = ANY($1)`;

// Those that the next pages would be of.
export const FIRINGS_TO_COME = `
  SELECT id FROM firings WHERE is_late = $1 AND ${CAN_BE_FIRED} ORDER BY after IS NOT NULL, id LIMIT $2`;

export const SET_FIRING_ASIDE = `UPDATE firings SET fault = $2 WHERE id = $1`;

export const SET_ENDLESS_FIRINGS_ASIDE = `
  UPDATE firings SET fault = format('it has %s ticks', cardinality(ticks))
   WHERE cardinality(ticks) > ${MAX_TICKS} AND fault IS NULL
  RETURNING id, trigger_id, fault`;
