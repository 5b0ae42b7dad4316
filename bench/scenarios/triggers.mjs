import { setTimeout as delay } from 'node:timers/promises';
import { below } from '../goals.mjs';
import { compact, scaled } from '../numbers.mjs';
import { cpuOf, memoryOf } from '../processes.mjs';
import { seedTriggers } from '../seed.mjs';
import { startService, withService } from '../service.mjs';

const FULL = 100_000;
const SETTLE_MS = 10_000;
const IDLE_MS = 30_000;
// Within the time for which the service keeps timers, and after the end of the measurement.
const NEAR_DUE_SECONDS = 110;
const ENDPOINT = 'http://127.0.0.1:9/never-called';

export const name = 'triggers';
export const title = '100,000 distinct triggers';

/** A start with many triggers in the database, and what they cost while none is due. A hundredth is due soon after. */
export async function run({ postgres, scale, progress }) {
  const count = scaled(FULL, scale, 1_000);
  const near = Math.ceil(count / 100);
  const figures = await withService(postgres, {}, async ({ database, service }) => {
    progress(`seeding ${count} triggers`);
    const fields = { endpoint: ENDPOINT };
    // Within a year of five-minute steps each has a crontab of its own.
    const far = `date_trunc('minute', now()) + interval '2 days' + i * interval '5 minutes'`;
    await seedTriggers(database, service, count - near, {
      fields,
      values: { text: `to_char((${far}) AT TIME ZONE 'UTC', 'FMMI FMHH24 FMDD FMMM *')`, next_fire_at: far },
    });
    const soon = `date_trunc('second', now()) + interval '${NEAR_DUE_SECONDS} seconds' + i * interval '1 ms'`;
    await seedTriggers(database, service, near, {
      fields,
      values: { kind: `'interval'`, text: `'1 days'`, phase: `${soon} - interval '1 day'`, next_fire_at: soon },
    });
    await service.stop();
    progress('starting with them');
    const restarted = await startService(database);
    try {
      return { count, near, startSeconds: restarted.startSeconds, ...(await idle(restarted, postgres, progress)) };
    } finally {
      await restarted.stop();
    }
  });
  return resultOf(figures);
}

async function idle({ child }, postgres, progress) {
  await delay(SETTLE_MS);
  progress(`idle for ${IDLE_MS / 1000} s`);
  const [serviceBefore, postgresBefore] = [cpuOf(child), postgres.cpuSeconds()];
  await delay(IDLE_MS);
  const share = (before, after) => ((after - before) / (IDLE_MS / 1000)) * 100;
  return {
    memory: memoryOf(child),
    idleCpuPercent: {
      service: share(serviceBefore, cpuOf(child)),
      postgres: share(postgresBefore, postgres.cpuSeconds()),
    },
  };
}

function resultOf(figures) {
  const { startSeconds, memory, idleCpuPercent, near } = figures;
  return {
    figures,
    goals: [
      below('to ready', startSeconds, 5, ' s'),
      below('of memory', memory.rss, 300, ' MiB'),
      below('of one processor while idle, service', idleCpuPercent.service, 3, ' %'),
      below('of one processor while idle, PostgreSQL', idleCpuPercent.postgres, 3, ' %'),
    ],
    rows: [
      ['due within two minutes', compact(near)],
      ['memory', `${compact(memory.rss)} MiB, ${compact(memory.peak)} MiB at its highest`],
    ],
  };
}
