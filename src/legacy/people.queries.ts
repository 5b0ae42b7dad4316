// Nobody else makes users or groups meanwhile: ids are chosen, and the sequences set behind them. Reads go on.
export const LOCK_PEOPLE = `LOCK TABLE groups, users IN SHARE ROW EXCLUSIVE MODE`;

export const GROUPS_HERE = `SELECT id, name FROM groups`;

// $1 is the database that is imported from: users may have come from others too.
export const USERS_HERE = `
  SELECT id, email, is_admin AS "isAdmin", is_active AS "isActive",
         EXISTS (SELECT FROM imported_users i WHERE i.user_id = u.id AND i.source <> $1) AS "isOfOthersToo"
    FROM users u`;

export const LINKS_HERE = `SELECT legacy_id AS "oldId", user_id AS id FROM imported_users WHERE source = $1`;

export const MEMBERSHIPS_HERE = `SELECT user_id, group_id FROM user_groups`;

// A token made here has a prefix, or is not labelled.
export const TOKENS_HERE = `
  SELECT encode(digest, 'hex') AS digest, id, user_id AS "userId",
         coalesce(label = 'imported' AND prefix IS NULL, false) AS "isImported"
    FROM tokens`;

// The audit log knows what people did here; an import is no such thing.
export const CHANGED_PEOPLE = `
  SELECT DISTINCT target_kind AS kind, target_id::int AS id FROM audit_log
   WHERE target_kind IN ('user', 'group') AND outcome = 'done' AND target_id ~ '^[0-9]{1,9}$'
     AND action IN ('user.update', 'admin.create', 'group.update', 'group.delete')`;

// Revoked tokens leave nothing behind but that one was revoked.
export const LAST_REVOCATION = `
  SELECT max(at) AS at FROM audit_log
   WHERE action = 'token.revoke' AND at > (SELECT min(at) FROM audit_log WHERE action = 'import')`;

// Those with an id keep it; the others are added afterwards, when the sequence is behind all of these.
export const ADD_GROUPS = `
  INSERT INTO groups (id, name) SELECT * FROM unnest($1::int[], $2::text[]) RETURNING id, name AS key`;

export const ADD_GROUPS_ANEW = `
  INSERT INTO groups (name) SELECT * FROM unnest($1::text[]) RETURNING id, name AS key`;

const USER_COLUMNS = `$1::text[], $2::text[], $3::boolean[], $4::boolean[], $5::timestamptz[]`;

export const ADD_USERS = `
  INSERT INTO users (email, username, is_admin, is_active, created_at, id)
  SELECT email, username, is_admin, is_active, coalesce(created_at, now()), id
    FROM unnest(${USER_COLUMNS}, $6::int[]) AS u (email, username, is_admin, is_active, created_at, id)
  RETURNING id, email AS key`;

export const ADD_USERS_ANEW = `
  INSERT INTO users (email, username, is_admin, is_active, created_at)
  SELECT email, username, is_admin, is_active, coalesce(created_at, now())
    FROM unnest(${USER_COLUMNS}) AS u (email, username, is_admin, is_active, created_at)
  RETURNING id, email AS key`;

/** @param table of the schema, never input */
export const advanceSequence = (table: 'groups' | 'users') => `
  SELECT setval(sequence, greatest(coalesce(pg_sequence_last_value(sequence), 1), (SELECT max(id) FROM ${table})))
    FROM CAST(pg_get_serial_sequence('${table}', 'id') AS regclass) AS sequence
   WHERE EXISTS (SELECT FROM ${table})`;

export const CHANGE_USERS = `
  UPDATE users u SET email = wanted.email, is_admin = wanted.is_admin, is_active = wanted.is_active
    FROM unnest($1::int[], $2::text[], $3::boolean[], $4::boolean[]) AS wanted (id, email, is_admin, is_active)
   WHERE u.id = wanted.id`;

export const RECORD_USERS = `
  INSERT INTO imported_users (source, legacy_id, joined_at, user_id)
  SELECT $1, * FROM unnest($2::int[], $3::timestamptz[], $4::int[])
  ON CONFLICT DO NOTHING`;

export const REVOKE_TOKENS = `DELETE FROM tokens WHERE id = ANY($1)`;

// Finds the database among those imported before: the one with the most users of the same id and instant of joining,
// otherwise one with some of the same schedules. A copy of a database is the same one. Another database may have a few
// users in common, from a fixture for example: then most users of the same id joined at another instant.
export const SOURCE_BY_USERS = `
  SELECT source FROM imported_users i JOIN unnest($1::int[], $2::timestamptz[]) AS t (legacy_id, joined_at)
                                   USING (legacy_id)
   GROUP BY source
  HAVING count(*) FILTER (WHERE i.joined_at = t.joined_at) > count(*) FILTER (WHERE i.joined_at <> t.joined_at)
   ORDER BY count(*) FILTER (WHERE i.joined_at = t.joined_at) DESC, source LIMIT 1`;

export const SOURCE_BY_SCHEDULES = `
  SELECT source FROM imported_schedules WHERE id = ANY($1) GROUP BY source ORDER BY count(*) DESC, source LIMIT 1`;

export const NEW_SOURCE = `
  SELECT 1 + greatest((SELECT coalesce(max(source), 0) FROM imported_users),
                      (SELECT coalesce(max(source), 0) FROM imported_schedules)) AS source`;

export const ADD_MEMBERSHIPS = `
  INSERT INTO user_groups (user_id, group_id) SELECT * FROM unnest($1::int[], $2::int[]) ON CONFLICT DO NOTHING`;

export const END_MEMBERSHIPS = `
  DELETE FROM user_groups
   WHERE (user_id, group_id) IN (SELECT * FROM unnest($1::int[], $2::int[]))`;

export const ADD_TOKENS = `
  INSERT INTO tokens (digest, user_id, created_at, label)
  SELECT digest, user_id, coalesce(created_at, now()), 'imported'
    FROM unnest($1::bytea[], $2::int[], $3::timestamptz[]) AS t (digest, user_id, created_at)
  ON CONFLICT (digest) DO NOTHING`;
