import { atLeast } from '../goals.mjs';
import { compact, scaled } from '../numbers.mjs';
import { makeDueByCrontab, minuteAfter, seedSchedules } from '../seed.mjs';
import { withService } from '../service.mjs';
import { startSink } from '../sink.mjs';

const FULL = 200_000;
const PARTS = 10;
const PARTS_OF_A_FIFTH = PARTS / 5;
const MARGIN_MS = 5_000;

export const name = 'decay';
export const title = '200,000 deliveries without decay';

/** One herd that lasts. The rate of the last fifth of its deliveries must be nearly that of its best fifth. */
export async function run({ postgres, scale, progress }) {
  const part = scaled(FULL / PARTS, scale, 1_000);
  const count = part * PARTS;
  const sink = await startSink();
  const marks = await withService(postgres, {}, async ({ database, service }) => {
    progress(`seeding ${count} schedules`);
    const { triggerId } = await seedSchedules(database, service, count, { endpoint: sink.urlOf() });
    await makeDueByCrontab(database, triggerId, minuteAfter(MARGIN_MS));
    progress('delivering');
    await sink.received(count);
    return (await sink.stats('/hook', part)).marks;
  });
  await sink.stop();
  const rates = ratesOf(marks, part, 1);
  const fifths = ratesOf(marks, part, PARTS_OF_A_FIFTH);
  const best = Math.max(...fifths);
  return {
    figures: { count, part, rates, fifths },
    goals: [atLeast('of the best fifth in the last', fifths.at(-1) / best, 0.9, '')],
    rows: [['rate of each fifth', fifths.map((rate) => `${compact(rate)}/s`).join(', ')]],
    chart: {
      unit: '/s',
      bars: rates.map((value, i) => ({ label: `${compact((i + 1) * part)} delivered`, value, isOurs: true })),
    },
  };
}

/** Rates between every `step`-th mark. */
function ratesOf(marks, part, step) {
  const chosen = marks.filter((_, index) => index % step === 0);
  return chosen.slice(1).map((at, index) => (part * step) / ((at - chosen[index]) / 1000));
}
