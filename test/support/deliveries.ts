import { randomUUID } from 'node:crypto';
import type { TestDatabase } from './database.js';

/**
 * Puts deliveries into the queue, each of a schedule id of its own.
 *
 * @param origin all of them go there
 */
export async function queueDeliveries(
  database: TestDatabase,
  count: number,
  origin = 'http://127.0.0.1:9',
): Promise<[{ scheduleId: string; originId: number }]> {
  const [row] = await database.query<{ id: number }>(
    'INSERT INTO origins (origin) VALUES ($1) ON CONFLICT (origin) DO UPDATE SET origin = $1 RETURNING id',
    [origin],
  );
  const originId = row?.id ?? 0;
  const scheduleIds = Array.from({ length: count }, () => randomUUID());
  await database.query(
    `INSERT INTO deliveries (schedule_id, scheduled_for, origin_id, due_at)
     SELECT id, date_trunc('second', now()), $2, now() FROM unnest($1::uuid[]) AS id`,
    [scheduleIds, originId],
  );
  return scheduleIds.map((scheduleId) => ({ scheduleId, originId })) as [{ scheduleId: string; originId: number }];
}
