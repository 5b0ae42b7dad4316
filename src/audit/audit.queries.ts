/** What one page or its count does not take: `count` and links end there, so that neither grows with the log. */
export const MAX_COUNT = 100_000;

// Names of fields hold no commas, and arrays of arrays cannot be taken apart.
export const RECORD = `
  INSERT INTO audit_log (actor_kind, actor_id, actor_email, action, outcome, target_kind, target_id, fields, source,
                         request_id)
  SELECT actor_kind, actor_id, actor_email, action, outcome, target_kind, target_id, string_to_array(fields, ','),
         source, request_id
    FROM unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::text[])
      AS r (actor_kind, actor_id, actor_email, action, outcome, target_kind, target_id, fields, source, request_id)`;

// Each statement is planned for the values it comes with, so that what is not asked for leaves no trace in the plan.
const FILTER = `
       ($1::integer IS NULL OR actor_id = $1)
   AND ($2::text IS NULL OR actor_kind = $2 AND actor_kind <> 'user')
   AND ($3::text IS NULL OR action = $3)
   AND ($4::text IS NULL OR target_kind = $4)
   AND ($5::text IS NULL OR target_id = $5)
   AND ($6::timestamptz IS NULL OR at >= $6)
   AND ($7::timestamptz IS NULL OR at < $7)`;

export const PAGE_OF_RECORDS = `
  SELECT * FROM audit_log WHERE ${FILTER}
   ORDER BY at DESC, id DESC LIMIT $8 OFFSET $9`;

export const COUNT_RECORDS = `
  SELECT count(*)::int AS count FROM (SELECT FROM audit_log WHERE ${FILTER} LIMIT ${MAX_COUNT}) AS counted`;

// A portion at a time, so that no statement takes long however much there is to forget.
export const FORGET_RECORDS = `
  WITH forgotten AS (
    DELETE FROM audit_log
     WHERE id IN (SELECT id FROM audit_log WHERE at < now() - make_interval(days => $1) ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING id
  )
  SELECT count(*)::int AS count FROM forgotten`;
