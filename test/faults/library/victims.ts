import type { Client } from 'pg';
import type { Lab } from './lab.js';
import type { Column } from './garbage.js';

/** One row, one of whose columns gets garbage. */
export interface Victim {
  /** the column, and the value as SQL */
  what: string;
  table: string;
  column: string;
  value: string;
  /** the schedule that it belongs to, as its id is after the damage; null of a token */
  scheduleId: string | null;
  /** the row, by a condition on the id in $1 */
  where: string;
  /** SQL that makes the row, within the transaction that damages it; none: it is there */
  make?: string;
  /** of a token: its value, and whose it is */
  token?: { value: string; userId: number };
  isRefused?: boolean;
  /** set when it was made within the transaction */
  rowId?: string;
}

const SCHEDULE_OF_ITS_OWN = { interval_definition: '3000 days' };

/** How a victim of each table comes to be. Its trigger, origin and owner are its own, except where others share them. */
export const MAKERS: Record<string, (lab: Lab, n: number) => Promise<Omit<Victim, 'what' | 'column' | 'value'>[]>> = {
  // On the trigger, and of the origin, of the healthy ones.
  schedules: async (lab) => {
    const endpoint = await healthyEndpoint(lab);
    const { id } = await lab.creates({ endpoint, auth_token: 'a-token' });
    return [{ table: 'schedules', scheduleId: id, where: 'id = $1' }];
  },

  triggers: async (lab, n) => {
    const endpoint = await healthyEndpoint(lab);
    const { id } = await lab.creates({ endpoint, interval_definition: `${2_000_000 + n * 1_000} microseconds` });
    return [{ table: 'triggers', scheduleId: id, where: 'id = (SELECT trigger_id FROM schedules WHERE id = $1)' }];
  },

  origins: async (lab, n) => {
    const { id } = await lab.creates({
      endpoint: await lab.sink.alone(`/origin-${n}`),
      interval_definition: '2 seconds',
    });
    return [{ table: 'origins', scheduleId: id, where: 'id = (SELECT origin_id FROM schedules WHERE id = $1)' }];
  },

  firings: async (lab, n) => {
    const kinds = [
      [`ARRAY[now()]`, 'false', 'NULL, NULL, NULL'],
      [`ARRAY[now() - interval '2 minutes']`, 'true', `now() - interval '9 minutes', now() - interval '5 minutes', 5`],
    ];
    return Promise.all(
      kinds.map(async ([ticks, isLate, dropped], i) => {
        const definition = `${3_000 + n * 2 + i} hours`;
        const { id } = await lab.creates({ endpoint: await healthyEndpoint(lab), interval_definition: definition });
        await lab.postgres.query(`UPDATE schedules SET active_since = now() - interval '1 hour' WHERE id = $1`, [id]);
        const make = `
          INSERT INTO firings (trigger_id, ticks, is_late, dropped_from, dropped_to, dropped_count)
          SELECT trigger_id, ${ticks}, ${isLate}, ${dropped} FROM schedules WHERE id = $1 RETURNING id`;
        return { table: 'firings', scheduleId: id, where: 'id = $2', make };
      }),
    );
  },

  deliveries: async (lab) => {
    const { id } = await lab.creates({ endpoint: await healthyEndpoint(lab), ...SCHEDULE_OF_ITS_OWN });
    const make = `
      INSERT INTO deliveries (schedule_id, scheduled_for, origin_id, due_at)
      SELECT id, date_trunc('second', now()), origin_id, now() FROM schedules WHERE id = $1 RETURNING schedule_id AS id`;
    return [{ table: 'deliveries', scheduleId: id, where: 'schedule_id = $1', make }];
  },

  tokens: async (lab, n) => {
    const token = await userWithToken(lab, `token-${n}@example.org`);
    return [{ table: 'tokens', scheduleId: null, token, where: `user_id = ${token.userId}` }];
  },

  signing_secrets: async (lab, n) => {
    const { value, userId } = await userWithToken(lab, `secret-${n}@example.org`);
    const api: Lab['api'] = (method, path, body) => lab.api(method, path, body, { authorization: `Token ${value}` });
    const { status } = await api('POST', `/api/v1/user/${userId}/signing-secret/`, {});
    if (status !== 201) throw new Error(`no signing secret: ${status}`);
    const { id } = await lab.creates({ endpoint: await healthyEndpoint(lab), interval_definition: '2 seconds' }, api);
    return [{ table: 'signing_secrets', scheduleId: id, where: `user_id = ${userId}` }];
  },
};

export function healthyEndpoint(lab: Lab): Promise<string> {
  return lab.sink.at('/healthy');
}

/** Writes the garbage; what the database refuses is marked. */
export async function damage(client: Client, victim: Victim): Promise<void> {
  const { table, column, value, scheduleId, where, make } = victim;
  try {
    await client.query('BEGIN');
    if (make) victim.rowId = String((await client.query<{ id: string }>(make, [scheduleId])).rows[0].id);
    const parameters = [scheduleId, victim.rowId].filter((_, i) => where.includes(`$${i + 1}`));
    const condition = where.includes('$2') ? where.replace('$2', '$1') : where;
    const { rowCount } = await client.query(
      `UPDATE ${table} SET "${column}" = ${value} WHERE ${condition}`,
      parameters,
    );
    if (rowCount !== 1) throw new Error(`${victim.what}: ${rowCount} rows were damaged`);
    await client.query('COMMIT');
    const isId = (table === 'schedules' && column === 'id') || (table === 'deliveries' && column === 'schedule_id');
    if (isId) victim.scheduleId = value.slice(1, -1);
    if (table === 'firings' && column === 'id') victim.rowId = value;
  } catch (error) {
    await client.query('ROLLBACK');
    const { code } = error as { code?: string };
    // Of data (22), of constraints (23), or of a size that the index does not take (54).
    if (!/^(22|23|54)/.test(code ?? '')) throw error;
    victim.isRefused = true;
  }
}

/** @returns the garbage of a column as victims, each with a row of its own */
export async function victimsOf(lab: Lab, column: Column, values: string[], n: () => number): Promise<Victim[]> {
  const made = await Promise.all(
    values.map(async (value) => {
      const rows = await MAKERS[column.table](lab, n());
      const what = `${column.table}.${column.name} = ${value.slice(0, 60)}`;
      return rows.map((row) => ({ ...row, what, column: column.name, value }));
    }),
  );
  return made.flat();
}

async function userWithToken(lab: Lab, email: string): Promise<{ value: string; userId: number }> {
  const made = await lab.api('POST', '/api/v1/user/token/', { email });
  if (made.status !== 201) throw new Error(`no token: ${made.status} ${made.text}`);
  const [{ id }] = await lab.postgres.query<{ id: number }>('SELECT id FROM users WHERE email = $1', [email]);
  return { value: made.body.token as string, userId: id };
}
