import type { EntityManager } from 'typeorm';

/** The clock that ticks are measured by. */
export async function databaseNow(manager: EntityManager): Promise<Date> {
  const sql = `SELECT date_trunc('milliseconds', clock_timestamp()) AS now`;
  const [{ now }] = await manager.query<[{ now: Date }]>(sql);
  return now;
}
