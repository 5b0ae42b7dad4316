import { setTimeout as delay } from 'node:timers/promises';
import { below } from '../goals.mjs';
import { compact, scaled } from '../numbers.mjs';
import { secondAfter, seedTriggers } from '../seed.mjs';
import { withService } from '../service.mjs';
import { startSink } from '../sink.mjs';

const FULL_TRIGGERS = 2_000;
const INTERVAL_SECONDS = 10;
const MARGIN_MS = 5_000;
const WARM_UP_MS = 10_000;
const FULL_SECONDS = 60;

export const name = 'steady';
export const title = 'steady 200 fires/s on 2,000 triggers';

/** Each trigger is due every ten seconds, at its own instant: an even stream. */
export async function run({ postgres, scale, progress }) {
  const count = scaled(FULL_TRIGGERS, scale, 100);
  const seconds = scaled(FULL_SECONDS, scale, 10);
  const sink = await startSink();
  const figures = await withService(postgres, {}, async ({ database, service }) => {
    progress(`seeding ${count} triggers`);
    const start = secondAfter(MARGIN_MS);
    const first = `'${start.toISOString()}'::timestamptz + i * interval '${(INTERVAL_SECONDS * 1000) / count} ms'`;
    await seedTriggers(database, service, count, {
      fields: { endpoint: sink.urlOf() },
      values: {
        kind: `'interval'`,
        text: `'${INTERVAL_SECONDS} seconds'`,
        phase: `${first} - interval '${INTERVAL_SECONDS} seconds'`,
        next_fire_at: first,
      },
    });
    await delay(start.getTime() - Date.now() + WARM_UP_MS);
    await sink.reset();
    progress(`watching for ${seconds} s`);
    await delay(seconds * 1_000);
    const { count: delivered, perSecond, lateness, duplicates } = await sink.stats();
    return { triggers: count, seconds, delivered, perSecond, lateness, duplicates };
  });
  await sink.stop();
  const { lateness, perSecond, duplicates } = figures;
  return {
    figures,
    goals: [below('p99 of lateness', lateness.p99, 100, ' ms')],
    rows: [
      ['fires', `${compact(perSecond)}/s, ${duplicates} duplicates`],
      [
        'lateness',
        `p50 ${compact(lateness.p50)} ms, p99 ${compact(lateness.p99)} ms, at most ${compact(lateness.max)} ms`,
      ],
    ],
  };
}
