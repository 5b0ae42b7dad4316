import { atLeast } from '../goals.mjs';
import { compact, scaled } from '../numbers.mjs';
import { makeDueByInterval, secondAfter, seedSchedules } from '../seed.mjs';
import { hasSetting, startService } from '../service.mjs';
import { startSink } from '../sink.mjs';

const REPLICAS = [1, 2, 3];
const DELAY_MS = 50;
const WINDOW = 50;
const FULL_PER_REPLICA = 10_000;
const MARGIN_MS = 3_000;
const MANY_ORIGINS = 8;

export const name = 'replicas';
export const title = '1, 2 and 3 replicas, sink that takes 50 ms';

/**
 * Whether replicas add up. One origin, of which each replica takes 50 POSTs at a time: with 50 ms for each that is 1,000
 * a second a replica, which leaves processors free for what is to be seen here, whether replicas hold each other up in
 * the database. With the whole window open one replica takes all that two cores have; that is measured too, without a
 * goal.
 */
export async function run({ postgres, scale, progress }) {
  const env = hasSetting('DELIVERY_CONCURRENCY_PER_ORIGIN') ? {} : { DELIVERY_CONCURRENCY: String(WINDOW) };
  const count = scaled(FULL_PER_REPLICA, scale, 1_000);
  const [narrow, wide] = [[], []];
  for (const replicas of REPLICAS) {
    narrow.push(await measure({ postgres, replicas, origins: 1, count, env, progress }));
    wide.push(await measure({ postgres, replicas, origins: MANY_ORIGINS, count, env: {}, progress }));
  }
  const [one, two, three] = narrow;
  const bars = (rates, label) => rates.map((value, i) => ({ label: `${REPLICAS[i]} x ${label}`, value, isOurs: true }));
  return {
    figures: { perReplica: count, delayMs: DELAY_MS, narrow, wide },
    goals: [
      atLeast('of linear with 2', two / (2 * one), 0.9, ''),
      atLeast('of linear with 3', three / (3 * one), 0.9, ''),
    ],
    rows: [['whole window open, of linear', wide.map((rate, i) => compact(rate / (REPLICAS[i] * wide[0]))).join(', ')]],
    chart: {
      unit: '/s',
      bars: [...bars(narrow, `${WINDOW} in flight`), ...bars(wide, 'whole window')],
    },
  };
}

/** @returns deliveries per second, without the first and the last tenth of them */
async function measure({ postgres, replicas, origins, count, env, progress }) {
  const sink = await startSink({ ports: origins, delayMs: DELAY_MS });
  const database = await postgres.createDatabase();
  const services = [];
  try {
    // One after the other: the first one makes the tables.
    for (let replica = 0; replica < replicas; replica++) services.push(await startService(database, { env }));
    const perOrigin = Math.ceil((count * replicas) / origins);
    const seeds = [];
    for (let index = 0; index < origins; index++) {
      const endpoint = sink.urlOf('/hook', index);
      seeds.push(await seedSchedules(database, services[0], perOrigin, { endpoint }));
    }
    const due = secondAfter(MARGIN_MS).getTime();
    // A millisecond apart, since no two triggers have the same definition.
    for (const [index, { triggerId }] of seeds.entries()) {
      await makeDueByInterval(database, triggerId, new Date(due + index));
    }
    await sink.received(perOrigin * origins);
    const { middlePerSecond } = await sink.stats();
    progress(`${replicas} replicas, ${origins} origins: ${middlePerSecond.toFixed(0)}/s`);
    return middlePerSecond;
  } finally {
    await Promise.all(services.map((service) => service.stop()));
    await database.drop();
    await sink.stop();
  }
}
