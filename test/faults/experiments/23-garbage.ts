import { setTimeout as delay } from 'node:timers/promises';
import { exactly, experiment, type Figure, noted } from '../library/experiment.js';
import { columnsOf, garbageFor } from '../library/garbage.js';
import type { Lab } from '../library/lab.js';
import { damage, healthyEndpoint, type Victim, victimsOf } from '../library/victims.js';
import { duplicatesAtMost, latenessFigure, noneEnded, nothingLost } from '../library/verdicts.js';

const TABLES = ['schedules', 'triggers', 'origins', 'firings', 'deliveries', 'tokens', 'signing_secrets'];
const UNHANDLED = /unhandled|uncaught|triggerUncaughtException|MaxListeners/i;
const FAILED_STEP = /tried again in a second/g;
const SHOWN_AT_MOST = 20;
const EXPLAINED_WITHIN_MS = 30_000;
const POLL_MS = 250;

// What became of the victims' schedules since the damage: a POST or another end, a trigger with a reason, or off.
const EXPLAINED_SCHEDULES = `
  SELECT DISTINCT schedule_id AS id FROM attempts WHERE schedule_id = ANY($1) AND started_at >= $2
                                                   AND (status IS NOT NULL OR error IS NOT NULL OR outcome IS NOT NULL)
  UNION
  SELECT s.id FROM schedules s JOIN triggers t ON t.id = s.trigger_id
   WHERE s.id = ANY($1) AND (t.fault <> '' OR NOT s.enabled OR s.active_since > now())`;
// Waiting for another attempt within the hour is an explanation too, by the ledger row before it.
const STUCK_DELIVERIES = `
  SELECT schedule_id AS id FROM deliveries
   WHERE schedule_id = ANY($1) AND (attempts = 0 OR due_at > now() + interval '1 hour')`;
const WAITING_FIRINGS = `SELECT id FROM firings WHERE id = ANY($1::bigint[]) AND fault IS NULL`;

export default experiment({
  number: 23,
  title: 'garbage in every column that the engine reads',
  full: { values: 100, healthy: 50, runs: 30, latenessMs: 2_000 },
  // Beside other experiments, while a second replica starts.
  short: { values: 4, healthy: 10, runs: 12, latenessMs: 5_000 },

  async run(lab, { values, healthy, runs, latenessMs }) {
    const first = await lab.replica();
    const victims = await makeVictims(lab, values);
    const due = await lab.createsMany(healthy, { endpoint: await healthyEndpoint(lab), frequency: runs });

    const [{ now: damagedAt }] = await lab.postgres.query<{ now: Date }>('SELECT now()');
    const client = await lab.postgres.connect();
    for (const victim of victims) await damage(client, victim);
    await client.end();
    lab.timeline.note('all garbage is written');
    // One that starts finds it there.
    const second = await lab.replica();

    const account = await lab.settled(due, 90_000);
    const damaged = victims.filter(({ isRefused }) => !isRefused);
    const deadline = Date.now() + EXPLAINED_WITHIN_MS;
    let silent = await unexplained(lab, damaged, damagedAt);
    while (silent.length > 0 && Date.now() < deadline) {
      await delay(POLL_MS);
      silent = await unexplained(lab, damaged, damagedAt);
    }
    const reads = await failedReads(lab, damaged);
    const written = first.output + second.output;
    return [
      noted('rows with garbage, and refused by constraints', `${damaged.length}, ${victims.length - damaged.length}`),
      exactly('victims without an explanation', silent.length, 0, listed(silent.map(({ what }) => what))),
      exactly('reads of such rows that failed', reads.length, 0, listed(reads)),
      exactly('errors that nothing handled', UNHANDLED.test(written), false, written.slice(-3_000)),
      exactly(
        'steps of loops that failed',
        written.match(FAILED_STEP)?.length ?? 0,
        0,
        linesWith(written, FAILED_STEP),
      ),
      ...nothingLost(lab, account),
      duplicatesAtMost(lab, account, 0),
      latenessFigure('healthy ones, lateness p99', account.lateness(), 0.99, latenessMs),
      noneEnded([first, second]),
    ] satisfies Figure[];
  },
});

async function makeVictims(lab: Lab, values: number): Promise<Victim[]> {
  const victims: Victim[] = [];
  let n = 0;
  for (const table of TABLES) {
    for (const column of await columnsOf(lab.postgres, table)) {
      victims.push(...(await victimsOf(lab, column, garbageFor(column, values), () => n++)));
    }
  }
  return victims;
}

async function unexplained(lab: Lab, victims: Victim[], since: Date): Promise<Victim[]> {
  const ids = victims.flatMap(({ scheduleId }) => scheduleId ?? []);
  const idsOf = async (sql: string, parameters: unknown[]) =>
    new Set((await lab.postgres.query<{ id: string }>(sql, parameters)).map(({ id }) => id));
  const explained = await idsOf(EXPLAINED_SCHEDULES, [ids, since]);
  const stuck = await idsOf(STUCK_DELIVERIES, [ids]);
  const firings = victims.filter(({ table }) => table === 'firings');
  const waiting = await idsOf(WAITING_FIRINGS, [firings.map(({ rowId }) => rowId)]);
  return victims.filter(({ table, column, scheduleId, rowId }) => {
    if (table === 'firings') return waiting.has(rowId!);
    if (table === 'tokens') return false;
    if (table === 'deliveries' && stuck.has(scheduleId!)) return true;
    // The history of ticks of long ago is forgotten at once, this one too.
    if (table === 'deliveries' && column === 'scheduled_for') return false;
    return !explained.has(scheduleId!);
  });
}

/** Asks the API for whatever shows the victims: one bad row must not keep the others from being shown. */
async function failedReads(lab: Lab, victims: Victim[]): Promise<string[]> {
  const failures: string[] = [];
  const call = lab.running.at(-1)!.uncheckedCall;
  const read = async (path: string, statuses = [200], token?: string) => {
    const reply = await call('GET', path, undefined, token ? { authorization: `Token ${token}` } : {});
    const isJson = typeof reply.body === 'object' || path === '/metrics';
    if (!statuses.includes(reply.status) || !isJson)
      failures.push(`GET ${path}: ${reply.status} ${reply.text.slice(0, 200)}`);
  };
  const lists = ['schedule', 'schedule?enabled=true', 'origins', 'origins?breaker=open', 'origins?breaker=closed'];
  for (const list of [...lists, 'failed-tasks', 'user', 'audit']) await read(`/api/v1/${list}`);
  await read('/metrics');
  for (const { scheduleId, token } of victims) {
    if (scheduleId) await read(`/api/v1/schedule/${scheduleId}/deliveries`, [200, 404]);
    if (scheduleId) await read(`/api/v1/schedule/${scheduleId}`, [200, 404]);
    if (!token) continue;
    await read(`/api/v1/user/${token.userId}/token`);
    // Valid still, or not any more, as the row says.
    await read('/api/v1/schedule', [200, 401], token.value);
  }
  return failures;
}

function listed(items: string[]): string {
  const shown = items.slice(0, SHOWN_AT_MOST).map((item) => `    ${item}`);
  return [...shown, ...(items.length > SHOWN_AT_MOST ? [`    and ${items.length - SHOWN_AT_MOST} more`] : [])].join(
    '\n',
  );
}

function linesWith(text: string, pattern: RegExp): string {
  return listed([
    ...new Set(
      text
        .split('\n')
        .filter((line) => line.match(pattern))
        .map((line) => line.slice(0, 300)),
    ),
  ]);
}
