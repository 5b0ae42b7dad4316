// Nobody else makes users or groups meanwhile: ids are chosen, and the sequences set behind them. Reads go on.
export const LOCK_PEOPLE = `LOCK TABLE groups, users IN SHARE ROW EXCLUSIVE MODE`;

export const GROUPS_HERE = `SELECT id, name FROM groups`;

export const USERS_HERE = `SELECT id, email, is_admin AS "isAdmin" FROM users`;

export const MEMBERSHIPS_HERE = `SELECT user_id, group_id FROM user_groups`;

export const TOKENS_HERE = `SELECT encode(digest, 'hex') AS digest, user_id FROM tokens`;

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

const USER_COLUMNS = `$1::text[], $2::text[], $3::boolean[], $4::timestamptz[]`;

export const ADD_USERS = `
  INSERT INTO users (email, username, is_admin, created_at, id)
  SELECT email, username, is_admin, coalesce(created_at, now()), id
    FROM unnest(${USER_COLUMNS}, $5::int[]) AS u (email, username, is_admin, created_at, id)
  RETURNING id, email AS key`;

export const ADD_USERS_ANEW = `
  INSERT INTO users (email, username, is_admin, created_at)
  SELECT email, username, is_admin, coalesce(created_at, now())
    FROM unnest(${USER_COLUMNS}) AS u (email, username, is_admin, created_at)
  RETURNING id, email AS key`;

/** @param table of the schema, never input */
export const advanceSequence = (table: 'groups' | 'users') => `
  SELECT setval(sequence, greatest(coalesce(pg_sequence_last_value(sequence), 1), (SELECT max(id) FROM ${table})))
    FROM CAST(pg_get_serial_sequence('${table}', 'id') AS regclass) AS sequence
   WHERE EXISTS (SELECT FROM ${table})`;

export const SET_ADMINS = `
  UPDATE users u SET is_admin = wanted.is_admin
    FROM unnest($1::int[], $2::boolean[]) AS wanted (id, is_admin) WHERE u.id = wanted.id`;

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
