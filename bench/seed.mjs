// Fills tables faster than the API could: a row that the service made is copied by SQL, so it is valid in every column
// whatever the schema has become since this was written.

const FAR_CRONTAB = '0 0 29 2 *';
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/**
 * Copies one row of a table `count` times.
 *
 * @param where SQL condition over `s`, the row to copy
 * @param values by column: an SQL expression over `s` and `i`, from 1 to `count`; null leaves the column to its default
 * @param into another table of the same columns, when the copies are to be there
 */
export async function cloneRow(database, table, where, count, values, into = table) {
  const columns = await database.query(
    `SELECT column_name AS name FROM information_schema.columns
      WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position`,
    [table],
  );
  const taken = columns.map(({ name }) => name).filter((name) => values[name] !== null);
  const list = taken.map((name) => `"${name}"`).join(', ');
  const expressions = taken.map((name) => values[name] ?? `s."${name}"`).join(', ');
  await database.query(
    `INSERT INTO ${into} (${list}) SELECT ${expressions} FROM ${table} s, generate_series(1, ${count}) AS i WHERE ${where}`,
  );
}

/**
 * Schedules that all have one trigger, which is not due in years; see `makeDue`.
 *
 * @param fields of the schedule, as the API takes them
 * @returns {Promise<{ triggerId: string, scheduleId: string }>} of the one that was copied
 */
export async function seedSchedules(database, service, count, fields) {
  const { id } = await service.create({ payload: { hello: 'world' }, cron_definition: FAR_CRONTAB, ...fields });
  const triggerId = await ownTrigger(database, id);
  await cloneRow(database, 'schedules', `s.id = '${id}'`, count - 1, { id: 'uuidv7()' });
  // What autovacuum would have done by the time that so many had been created.
  await database.query('ANALYZE schedules');
  return { triggerId, scheduleId: id };
}

/**
 * Triggers of which each has one schedule.
 *
 * @param fields of the schedules, as the API takes them
 * @param values of the triggers' columns: SQL expressions over `i`, from 1 to `count`
 */
export async function seedTriggers(database, service, count, { fields, values }) {
  const { id } = await service.create({ cron_definition: FAR_CRONTAB, enabled: false, ...fields });
  const template = await database.value('SELECT trigger_id FROM schedules WHERE id = $1', [id]);
  const before = await database.value('SELECT max(id) FROM triggers');
  await cloneRow(database, 'triggers', `s.id = ${template}`, count, { id: null, fault: null, ...values });
  // Nobody else makes triggers meanwhile, so their ids follow each other.
  const first = await database.value('SELECT min(id) FROM triggers WHERE id > $1', [before]);
  const clones = { id: 'uuidv7()', enabled: 'true', halted_at: null, trigger_id: `${first} + i - 1` };
  await cloneRow(database, 'schedules', `s.id = '${id}'`, count, clones);
  await database.query('ANALYZE schedules, triggers');
}

/** Gives a schedule a trigger that no other schedule has, so that several seeds in one database do not meet. */
async function ownTrigger(database, scheduleId) {
  const triggerId = await database.value('SELECT trigger_id FROM schedules WHERE id = $1', [scheduleId]);
  const shared = `t.id = ${triggerId}`;
  const phase = `(SELECT max(phase) + interval '1 microsecond' FROM triggers)`;
  await cloneRow(database, 'triggers', shared.replace('t.', 's.'), 1, { id: null, phase });
  const own = await database.value('SELECT max(id) FROM triggers');
  await database.query('UPDATE schedules SET trigger_id = $2 WHERE id = $1', [scheduleId, own]);
  return own;
}

/** Moves a trigger to a crontab that is due at a whole minute. */
export async function makeDueByCrontab(database, triggerId, due) {
  const [minute, hour] = [due.getUTCMinutes(), due.getUTCHours()];
  const text = `${minute} ${hour} ${due.getUTCDate()} ${due.getUTCMonth() + 1} *`;
  await database.query(`UPDATE triggers SET kind = 'cron', text = $2, next_fire_at = $3 WHERE id = $1`, [
    triggerId,
    text,
    due,
  ]);
}

/** Moves a trigger to a daily interval whose next tick is at any second: no minute need be waited for. */
export async function makeDueByInterval(database, triggerId, due) {
  await database.query(
    `UPDATE triggers
        SET kind = 'interval', text = '1 days', phase = $2::timestamptz - interval '1 day', next_fire_at = $2
      WHERE id = $1`,
    [triggerId, due],
  );
}

/** @returns the next whole minute that is at least so far away */
export function minuteAfter(marginMs) {
  return new Date(Math.ceil((Date.now() + marginMs) / MINUTE_MS) * MINUTE_MS);
}

/** @returns the next whole second that is at least so far away */
export function secondAfter(marginMs) {
  return new Date(Math.ceil((Date.now() + marginMs) / SECOND_MS) * SECOND_MS);
}
