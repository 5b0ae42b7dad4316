/**
 * A CTE that queues deliveries, for statements that know of them in SQL.
 *
 * @param source SELECT of schedule_id, scheduled_for, origin_id, due_at
 */
export const insertDeliveries = (source: string) => `
  INSERT INTO deliveries (schedule_id, scheduled_for, origin_id, due_at) ${source} ON CONFLICT DO NOTHING`;

/** The largest attempt number that the column holds. */
export const LAST_ATTEMPT = 2_147_483_647;

const IS_OPEN = 'o.opened_at IS NOT NULL AND o.failures_in_row > 0';
const IS_PROBE_DUE = `(o.probe_at <= now() OR o.probe_at > now() + interval '1 day')`;

// Leases deliveries that are due: each origin in turn, so that a million for one origin stand in nobody's way.
//
// `origin` walks the index on (origin_id, due_at) from one origin to the next: one step each, however many deliveries
// an origin has. Of each, the oldest are locked, up to its room; rows that another replica holds are passed over. An
// origin whose breaker is open gives one delivery, a probe, to the replica that moves probe_at on.
// Rows that the service did not write cannot stop it: an origin that does not exist, or is open without a failure,
// counts as closed; a probe that is more than a day away is due; the largest attempt number is not exceeded.
// Schedules in $9 are passed over: their deliveries are for other replicas. An origin that has no others gets no probe.
// Rows are found by ctid from there on: the planner, whose statistics are always behind here, has no join to choose.
export const LEASE_DELIVERIES = `
  WITH RECURSIVE origin AS (
    (SELECT origin_id, due_at FROM deliveries WHERE origin_id > $1::bigint ORDER BY origin_id, due_at LIMIT 1)
    UNION ALL
    SELECT next.origin_id, next.due_at
      FROM origin
     CROSS JOIN LATERAL (
       SELECT origin_id, due_at FROM deliveries WHERE origin_id > origin.origin_id
        ORDER BY origin_id, due_at LIMIT 1) next
  ), seen AS MATERIALIZED (
    SELECT origin_id, due_at FROM origin LIMIT $2
  ), ready AS MATERIALIZED (
    SELECT seen.origin_id, ${IS_OPEN} AS is_open, coalesce(asked.room, $6) AS room
      FROM seen
      LEFT JOIN origins o ON o.id = seen.origin_id
      LEFT JOIN unnest($4::int[], $5::int[]) AS asked (origin_id, room) ON asked.origin_id = seen.origin_id
     WHERE seen.due_at <= now() AND coalesce(asked.room, $6) > 0 AND (NOT (${IS_OPEN}) OR ${IS_PROBE_DUE})
  ), probed AS (
    UPDATE origins o SET probe_at = now() + make_interval(secs => $8)
     WHERE id IN (SELECT origin_id FROM ready WHERE is_open) AND ${IS_PROBE_DUE}
       AND (cardinality($9::uuid[]) = 0 OR EXISTS (
             SELECT FROM deliveries d
              WHERE d.origin_id = o.id AND d.due_at <= now() AND d.schedule_id <> ALL ($9::uuid[])))
    RETURNING id
  ), picked AS MATERIALIZED (
    SELECT oldest.place
      FROM ready LEFT JOIN probed ON probed.id = ready.origin_id
     CROSS JOIN LATERAL (
       SELECT ctid AS place FROM deliveries
        WHERE origin_id = ready.origin_id AND due_at <= now() AND schedule_id <> ALL ($9::uuid[])
        ORDER BY due_at LIMIT CASE WHEN NOT is_open THEN room WHEN probed.id IS NULL THEN 0 ELSE 1 END
          FOR UPDATE SKIP LOCKED) oldest
     LIMIT $3
  ), leased AS (
    UPDATE deliveries
       SET due_at = now() + make_interval(secs => $7), is_leased = true,
           attempts = least(attempts, ${LAST_ATTEMPT - 1}) + 1
     WHERE ctid = ANY (ARRAY(SELECT place FROM picked))
    RETURNING schedule_id, scheduled_for, scheduled_for::text AS exactly, origin_id, attempts, attempts_before,
              requeued_at
  )
  SELECT scan.*, leased.*
    FROM (SELECT max(origin_id) AS last_seen, count(*)::int AS seen, (SELECT count(*)::int FROM ready) AS ready
            FROM seen) scan
    LEFT JOIN leased ON true`;

// Rows that are locked are being settled, and need no renewal: waiting for them could end in a deadlock.
export const RENEW_LEASES = `
  UPDATE deliveries SET due_at = now() + make_interval(secs => $4)
   WHERE ctid = ANY (ARRAY(
     SELECT held.place
       FROM unnest($1::uuid[], $2::timestamptz[], $3::int[]) AS mine (schedule_id, scheduled_for, attempt)
      CROSS JOIN LATERAL (
        SELECT ctid AS place FROM deliveries d
         WHERE d.schedule_id = mine.schedule_id AND d.scheduled_for = mine.scheduled_for
           AND d.attempts = mine.attempt AND d.is_leased
         LIMIT 1 FOR UPDATE SKIP LOCKED) held))`;

// Gives back deliveries that were not attempted: the lease does not count.
export const RETURN_LEASES = `
  UPDATE deliveries d SET due_at = now(), is_leased = false, attempts = greatest(attempts - 1, attempts_before)
    FROM unnest($1::uuid[], $2::timestamptz[], $3::int[]) AS mine (schedule_id, scheduled_for, attempt)
   WHERE d.schedule_id = mine.schedule_id AND d.scheduled_for = mine.scheduled_for
     AND d.attempts = mine.attempt AND d.is_leased`;

// Gives back deliveries that another replica has to make. Where one was the probe of an origin whose breaker is open, the
// next probe is due with it: nothing was sent. Origins that are locked are being written by the breaker.
export const HAND_OVER = `
  WITH returned AS (
    UPDATE deliveries d
       SET due_at = now() + make_interval(secs => $4), is_leased = false,
           attempts = greatest(attempts - 1, attempts_before)
      FROM unnest($1::uuid[], $2::timestamptz[], $3::int[]) AS mine (schedule_id, scheduled_for, attempt)
     WHERE d.schedule_id = mine.schedule_id AND d.scheduled_for = mine.scheduled_for
       AND d.attempts = mine.attempt AND d.is_leased
    RETURNING d.origin_id
  ), probed AS (
    SELECT id FROM origins
     WHERE id IN (SELECT origin_id FROM returned) AND opened_at IS NOT NULL AND probe_at > now()
     ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
  )
  UPDATE origins SET probe_at = now() + make_interval(secs => $4) WHERE id IN (SELECT id FROM probed)`;

// Writes verdicts down, all or none: the queue, the ledger and the failed tasks. A lease that was lost meanwhile
// changes neither queue nor outcome; only the POST that was made is added to the history.
// The clocks of replicas play no part: instants are counted from now, by the database's clock.
// Rows are changed by their key, not by the ctid that locking returns: where the lock had to wait for a renewal that is
// the place of the new version, which this statement's snapshot does not see, so nothing would be found there.
export const SETTLE = `
  WITH verdict AS MATERIALIZED (
    SELECT *
      FROM unnest($1::uuid[], $2::timestamptz[], $3::int[], $4::text[], $5::float8[], $6::float8[], $7::int[],
                  $8::int[], $9::text[], $10::text[], $12::bool[]) WITH ORDINALITY
        AS v (schedule_id, scheduled_for, attempt, outcome, retry_seconds, age_seconds, duration_ms, status, error,
              excerpt, is_resent, nth)
  ), held AS MATERIALIZED (
    SELECT v.*, mine.is_held
      FROM verdict v
     CROSS JOIN LATERAL (
       SELECT true AS is_held FROM deliveries d
        WHERE d.schedule_id = v.schedule_id AND d.scheduled_for = v.scheduled_for
          AND d.attempts = v.attempt AND d.is_leased
        LIMIT 1 FOR UPDATE) mine
  ), ended AS (
    DELETE FROM deliveries d USING held h
     WHERE h.outcome IS NOT NULL
       AND d.schedule_id = h.schedule_id AND d.scheduled_for = h.scheduled_for AND d.attempts = h.attempt
  ), retried AS (
    UPDATE deliveries d
       SET is_leased = false, due_at = now() + make_interval(secs => h.retry_seconds)
      FROM held h
     WHERE h.outcome IS NULL
       AND d.schedule_id = h.schedule_id AND d.scheduled_for = h.scheduled_for AND d.attempts = h.attempt
  ), recorded AS (
    INSERT INTO attempts (schedule_id, scheduled_for, attempt, started_at, duration_ms, status, error, excerpt, outcome,
                          retry_at, replica, is_resent)
    SELECT schedule_id, scheduled_for, attempt, now() - make_interval(secs => v.age_seconds), v.duration_ms, v.status,
           v.error, v.excerpt, h.outcome, now() + make_interval(secs => h.retry_seconds), $11,
           v.is_resent
      FROM verdict v LEFT JOIN held h USING (schedule_id, scheduled_for, attempt)
     WHERE v.duration_ms IS NOT NULL OR h.is_held
    ON CONFLICT DO NOTHING
  ), failed AS (
    INSERT INTO failed_tasks (schedule_id, scheduled_for, attempts, status, error)
    SELECT schedule_id, scheduled_for, attempt, status, error FROM held WHERE outcome = 'failed'
    ON CONFLICT (schedule_id, scheduled_for) DO UPDATE
      SET failed_at = now(), attempts = EXCLUDED.attempts, status = EXCLUDED.status, error = EXCLUDED.error
  )
  SELECT nth::int FROM held`;

// Gives deliveries that have failed a new round of attempts, numbered on. Their turn is that of their schedule's origin.
export const REQUEUE = `
  INSERT INTO deliveries (schedule_id, scheduled_for, origin_id, due_at, attempts, attempts_before, requeued_at)
  SELECT task.schedule_id, task.scheduled_for, s.origin_id, now(), greatest(task.attempts, 0),
         greatest(task.attempts, 0), now()
    FROM unnest($1::uuid[], $2::timestamptz[], $3::int[]) AS task (schedule_id, scheduled_for, attempts)
    JOIN schedules s ON s.id = task.schedule_id
  ON CONFLICT DO NOTHING`;

// The longest wait for a retry is a day: see MAX_RETRY_AFTER_SECONDS.
const BEYOND_ANY_WAIT = `interval '2 days'`;

export const COUNT_BY_STATE = `
  SELECT count(*) FILTER (WHERE due_at <= now())::int AS ready,
         count(*) FILTER (WHERE due_at > now() AND NOT is_leased)::int AS deferred,
         count(*) FILTER (WHERE due_at > now() AND is_leased)::int AS active,
         coalesce(extract(epoch FROM now() - min(due_at) FILTER (WHERE due_at <= now() AND isfinite(due_at))), 0)::float8
           AS "oldestReadySeconds",
         count(*) FILTER (WHERE due_at > now() + ${BEYOND_ANY_WAIT})::int AS stranded
    FROM deliveries`;

// Makes deliveries due that would not be for days, or ever.
export const RESCUE_STRANDED = `
  UPDATE deliveries SET due_at = now(), is_leased = false
   WHERE ctid = ANY (ARRAY(
     SELECT ctid FROM deliveries WHERE due_at > now() + ${BEYOND_ANY_WAIT} LIMIT 1000 FOR UPDATE SKIP LOCKED))
  RETURNING schedule_id, scheduled_for::text AS exactly`;
