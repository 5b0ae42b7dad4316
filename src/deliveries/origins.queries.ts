export const FIND_ORIGIN = `SELECT id FROM origins WHERE origin = $1`;

export const INSERT_ORIGIN = `INSERT INTO origins (origin) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id`;

export const FAILING_ORIGINS = `
  SELECT id, failures_in_row AS failures, opened_at IS NOT NULL AS is_open
    FROM origins WHERE failures_in_row > 0`;

const MOST_FAILURES = 1_000_000_000;

// Adds up what came of attempts since the last time. An answer closes the breaker; enough failures in a row open it,
// and a failed probe keeps it open for as long again. Locked in order of id, so that replicas do not deadlock; those
// that are healthy and stay so are not written. A count that is negative, or near the end of its range, cannot make it fail.
export const RECORD_RESULTS = `
  WITH result AS (
    SELECT * FROM unnest($1::int[], $2::int[], $3::boolean[]) AS r (id, failures, was_answered)
  ), held AS MATERIALIZED (
    SELECT o.id, r.failures
           + CASE WHEN r.was_answered THEN 0 ELSE least(greatest(o.failures_in_row, 0), ${MOST_FAILURES}) END AS failures
      FROM origins o JOIN result r USING (id)
     WHERE o.failures_in_row > 0 OR r.failures > 0
     ORDER BY o.id FOR NO KEY UPDATE OF o
  )
  UPDATE origins o
     SET failures_in_row = held.failures,
         opened_at = CASE WHEN held.failures >= $4 THEN coalesce(o.opened_at, now()) END,
         probe_at = CASE WHEN held.failures >= $4 THEN now() + make_interval(secs => $5) END
    FROM held
   WHERE o.id = held.id`;
