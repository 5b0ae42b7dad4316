import { setTimeout as delay } from 'node:timers/promises';
import { atLeast, below } from '../goals.mjs';
import { atRate } from '../in-flight.mjs';
import { compact, scaled, summary } from '../numbers.mjs';
import { memoryOf } from '../processes.mjs';
import { insertedSoFar, orderedSoFar } from '../queue-state.mjs';
import { makeDueByCrontab, minuteAfter, seedSchedules } from '../seed.mjs';
import { withService } from '../service.mjs';
import { startSink } from '../sink.mjs';

const FULL = 1_000_000;
const MARGIN_MS = 15_000;
const SAMPLE_MS = 200;
const CALLS_PER_SECOND = 20;
const FILL_PATIENCE_MS = 300_000;

export const name = 'million';
export const title = '1,000,000 schedules on one trigger';

/** From the tick until the queue is filled; the deliveries go on meanwhile, and are then broken off. */
export async function run({ postgres, scale, progress }) {
  const count = scaled(FULL, scale, 10_000);
  const sink = await startSink();
  const figures = await withService(postgres, {}, async ({ database, service }) => {
    progress(`seeding ${count} schedules`);
    const { triggerId, scheduleId } = await seedSchedules(database, service, count, { endpoint: sink.urlOf() });
    await database.query('VACUUM ANALYZE schedules');
    await postgres.checkpoint();
    const due = minuteAfter(MARGIN_MS);
    await makeDueByCrontab(database, triggerId, due);
    const call = callsOf(service, sink, scheduleId);
    for (let index = 0; index < CALLS_PER_SECOND; index++) await call(index);
    progress(`due at ${due.toISOString()}`);
    await delay(due.getTime() - Date.now());
    return watchTick({ database, service, sink, count, due, call, progress });
  });
  await sink.stop();
  return resultOf(figures);
}

/** What clients do meanwhile: lists, reads, and now and then a new schedule. */
function callsOf(service, sink, scheduleId) {
  const created = { endpoint: sink.urlOf('/other'), payload: {}, cron_definition: '0 0 1 1 *' };
  const calls = [
    () => service.get('/api/v1/schedule/?limit=100'),
    () => service.get(`/api/v1/schedule/${scheduleId}/`),
    () => service.create(created),
    () => service.get(`/api/v1/schedule/${scheduleId}/`),
  ];
  return (index) => calls[index % calls.length]();
}

async function watchTick({ database, service, sink, count, due, call, progress }) {
  const insertedBefore = await insertedSoFar(database);
  const memoryBefore = memoryOf(service.child).rss;
  let memoryHighest = memoryBefore;
  let inserted = 0;
  const load = atRate(CALLS_PER_SECOND, call);
  while (inserted < count && Date.now() - due.getTime() < FILL_PATIENCE_MS) {
    await delay(SAMPLE_MS);
    inserted = (await insertedSoFar(database)) - insertedBefore;
    memoryHighest = Math.max(memoryHighest, memoryOf(service.child).rss);
  }
  const fillSeconds = (Date.now() - due.getTime()) / 1000;
  const { latencies, failures } = await load.stop();
  const { first, count: delivered } = await sink.stats();
  progress(`${inserted} ordered and ${delivered} delivered after ${fillSeconds.toFixed(1)} s`);
  const ordered = await orderedSoFar(database);
  if (inserted >= count && ordered < count) throw new Error(`only ${ordered} of ${count} deliveries are there`);
  return {
    count,
    firstMs: first === null ? null : first - due.getTime(),
    memory: { before: memoryBefore, highest: memoryHighest },
    isFilled: inserted >= count,
    fillSeconds,
    filledPerSecond: inserted / fillSeconds,
    deliveredMeanwhile: delivered,
    api: { ...summary(latencies), failures },
  };
}

function resultOf(figures) {
  const { firstMs, memory, filledPerSecond, fillSeconds, deliveredMeanwhile, api, isFilled } = figures;
  return {
    figures,
    goals: [
      below('to the first delivery', firstMs, 1_000, ' ms'),
      below('of growth', memory.highest - memory.before, 150, ' MiB'),
      atLeast('into the queue', filledPerSecond, 25_000, '/s'),
      // A call that failed was not answered.
      below('p99 of the API meanwhile', api.failures > 0 ? null : api.p99, 500, ' ms'),
    ],
    rows: [
      ['queue filled', isFilled ? `after ${compact(fillSeconds)} s` : `not within ${compact(fillSeconds)} s`],
      ['delivered meanwhile', compact(deliveredMeanwhile)],
      ['memory', `${compact(memory.before)} MiB before, ${compact(memory.highest)} MiB at its highest`],
      ['API', `p50 ${compact(api.p50)} ms, p99 ${compact(api.p99)} ms, ${api.failures} of ${api.count} calls failed`],
    ],
  };
}
