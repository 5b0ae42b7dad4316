// The work that every peer does for each job, the same that the service does for each delivery: read the schedule's
// row, POST it, write one history row. Only the queue around it is another's.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setImmediate } from 'node:timers';
import pg from 'pg';
import { Agent } from 'undici';

/** POSTs in flight, the same for every contender. */
export const IN_FLIGHT = 256;

const REPLICA = `${hostname()}/${process.pid}`;
const LOAD = 'SELECT id, endpoint, payload, auth_token FROM schedules WHERE id = ANY($1)';
// One statement of fixed text however many rows it has, which PostgreSQL plans once.
const APPEND = `
  INSERT INTO attempts (delivery_id, attempt, scheduled_for, schedule_id, started_at, duration_ms, status, excerpt,
                        outcome, replica)
  SELECT * FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::uuid[], $5::timestamptz[], $6::int[], $7::int[],
                       $8::text[], $9::text[], $10::text[])
  ON CONFLICT DO NOTHING`;

/** One job per schedule, with an id of its own that becomes the Idempotency-Key. */
export async function jobsOf(databaseUrl) {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  const { rows } = await client.query('SELECT id FROM schedules');
  await client.end();
  const tick = new Date().toISOString();
  return rows.map(({ id }) => ({ deliveryId: randomUUID(), scheduleId: id, tick }));
}

/** Opens what the work needs. The pool has as many connections as the service's has. */
export function openWork(databaseUrl) {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 20 });
  // The client of the service, with its options.
  const agent = new Agent({ connect: { timeout: 5_000 }, keepAliveTimeout: 4_000, pipelining: 1 });
  return {
    pool,
    /** @returns the rows of these schedules, by id */
    async load(ids) {
      const { rows } = await pool.query({ name: 'load', text: LOAD, values: [ids] });
      return new Map(rows.map((row) => [row.id, row]));
    },
    append: (rows) => pool.query({ name: 'append', text: APPEND, values: columnsOf(rows) }),
    post: (job, schedule, attempt) => post(agent, job, schedule, attempt),
  };
}

async function post(agent, { deliveryId, scheduleId, tick }, { endpoint, payload, auth_token }, attempt) {
  const { origin, pathname, search } = new URL(endpoint);
  const startedAt = new Date();
  const { statusCode, body } = await agent.request({
    origin,
    path: pathname + search,
    method: 'POST',
    headers: {
      'accept-encoding': 'identity',
      'content-type': 'application/json',
      ...(auth_token ? { authorization: `Token ${auth_token}` } : {}),
      'user-agent': 'seed-scheduler/bench',
      'idempotency-key': deliveryId,
      'x-schedule-id': scheduleId,
      'x-scheduled-for': tick,
      'x-attempt': String(attempt),
    },
    body: payload,
    headersTimeout: 30_000,
    bodyTimeout: 30_000,
  });
  const excerpt = (await body.text()).slice(0, 1024);
  if (statusCode < 200 || statusCode > 299) throw new Error(`the sink answered ${statusCode}`);
  return {
    deliveryId,
    attempt,
    tick,
    scheduleId,
    startedAt,
    durationMs: Date.now() - startedAt,
    status: statusCode,
    excerpt,
  };
}

function columnsOf(rows) {
  return [
    rows.map((row) => row.deliveryId),
    rows.map((row) => row.attempt),
    rows.map((row) => row.tick),
    rows.map((row) => row.scheduleId),
    rows.map((row) => row.startedAt),
    rows.map((row) => row.durationMs),
    rows.map((row) => row.status),
    rows.map((row) => row.excerpt),
    rows.map(() => 'delivered'),
    rows.map(() => REPLICA),
  ];
}

/**
 * Gathers single requests into one call for many: what comes while calls are under way waits for the next. Users of a
 * queue that hands jobs out one at a time do this once they look for speed; without it every job would cost two round
 * trips of its own, and the comparison would be unfair.
 *
 * @param call takes the gathered items; its results are handed out by `pick(results, item)`
 * @param atOnce calls under way at a time
 */
export function gather(call, { pick = () => undefined, atOnce = 2 } = {}) {
  let waiting = [];
  let under = 0;
  const flush = async () => {
    if (under >= atOnce || waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    under++;
    try {
      const results = await call(batch.map(({ item }) => item));
      for (const { item, resolve } of batch) resolve(pick(results, item));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      under--;
      flush();
    }
  };
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      // After the turn of the event loop in which it was asked for, so that neighbours travel together.
      if (waiting.length === 1) setImmediate(flush);
    });
}
