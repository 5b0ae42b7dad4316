import type { TestDatabase } from './database.js';

/** Makes copies of a schedule, `count` of them, each with an id of its own and otherwise the same. */
export async function cloneSchedule(database: TestDatabase, id: string, count: number): Promise<void> {
  await database.query(
    `INSERT INTO schedules
     SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid()))).*
       FROM schedules s, generate_series(1, $2::int) WHERE s.id = $1`,
    [id, count],
  );
}
