import { setTimeout as delay } from 'node:timers/promises';
import { atLeast, below } from '../goals.mjs';
import { compact, median, scaled } from '../numbers.mjs';
import { waitingNow } from '../queue-state.mjs';
import { makeDueByInterval, secondAfter, seedSchedules } from '../seed.mjs';
import { withService } from '../service.mjs';
import { startSink } from '../sink.mjs';

const FULL_WAITING = 100_000;
const FULL_HEALTHY = 20_000;
/** Of POSTs to the unwilling path: all but every fourth, for an hour. */
const refusedOf = (count) => count - Math.floor(count / 4);
const MARGIN_MS = 2_000;
const POLL_MS = 250;
const SETTLE_PATIENCE_MS = 60_000;

export const name = 'backoff';
export const title = '100,000 deliveries waiting in backoff';

/**
 * The same herd of healthy deliveries before and after many others have failed once. They really fail: an endpoint on
 * an origin of its own answers 503 with a Retry-After of an hour, and now and then 200, so that the circuit breaker
 * leaves it open to them and each delivery waits by itself.
 */
export async function run({ postgres, scale, rounds, progress }) {
  const healthy = scaled(FULL_HEALTHY, scale, 1_000);
  const unwilling = Math.ceil((scaled(FULL_WAITING, scale, 1_000) * 4) / 3);
  const sink = await startSink({ ports: 2 });
  const figures = await withService(postgres, {}, async ({ database, service }) => {
    progress(`seeding ${healthy} healthy and ${unwilling} unwilling schedules`);
    const good = await seedSchedules(database, service, healthy, { endpoint: sink.urlOf('/hook', 0) });
    const bad = await seedSchedules(database, service, unwilling, { endpoint: sink.urlOf('/unwilling', 1) });
    const herds = async (label) => {
      const rates = [];
      for (let round = 1; round <= rounds; round++) {
        rates.push(await herd({ database, sink, triggerId: good.triggerId, count: healthy }));
        progress(`${label}, round ${round}: ${rates.at(-1).toFixed(0)}/s`);
      }
      return rates;
    };
    // The first one warms the process up, so that it does not count for either side.
    await herd({ database, sink, triggerId: good.triggerId, count: healthy });
    const without = await herds('without');
    await makeDueByInterval(database, bad.triggerId, secondAfter(MARGIN_MS));
    await sink.received(unwilling, '/unwilling');
    const waiting = await waitingSettled(database, refusedOf(unwilling));
    progress(`${waiting} wait in backoff`);
    return {
      healthy,
      waiting,
      without,
      with: await herds('with'),
      waitingAfter: await waitingSettled(database, waiting),
    };
  });
  await sink.stop();
  return resultOf(figures, unwilling);
}

async function herd({ database, sink, triggerId, count }) {
  await sink.reset();
  await makeDueByInterval(database, triggerId, secondAfter(MARGIN_MS));
  await sink.received(count);
  return (await sink.stats()).perSecond;
}

/** Verdicts of the last POSTs are written a moment after they were sent. */
async function waitingSettled(database, expected) {
  const deadline = Date.now() + SETTLE_PATIENCE_MS;
  for (;;) {
    const waiting = await waitingNow(database);
    if (waiting <= expected || Date.now() > deadline) return waiting;
    await delay(POLL_MS);
  }
}

function resultOf(figures, unwilling) {
  const [before, after] = [median(figures.without), median(figures.with)];
  return {
    figures: { ...figures, fall: 1 - after / before },
    goals: [
      below('of throughput lost', 100 * (1 - after / before), 20, ' %'),
      atLeast('in backoff all the while', Math.min(figures.waiting, figures.waitingAfter), refusedOf(unwilling), ''),
    ],
    rows: [['waiting', `${compact(figures.waiting)} before the herds, ${compact(figures.waitingAfter)} after them`]],
    chart: {
      unit: '/s',
      bars: [
        { label: 'nothing in backoff', value: before, isOurs: true },
        { label: `${compact(figures.waiting)} in backoff`, value: after, isOurs: true },
      ],
    },
  };
}
