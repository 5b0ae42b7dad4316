import { setTimeout as delay } from 'node:timers/promises';
import { exactly, experiment } from '../library/experiment.js';
import type { Lab } from '../library/lab.js';
import { firstTickOf, periodMsOf, type Watched } from '../library/oracle.js';
import { latenessFigure, nothingLost } from '../library/verdicts.js';

const DUE_IN_MS = 10_000;
// What Node says when a delay does not fit, after which the timer fires at once.
const OVERFLOW = /TimeoutOverflowWarning/;

export default experiment({
  number: 11,
  title: 'yearly schedules and intervals of 25 days and more',
  full: { watchMs: 30_000 },

  async run(lab, { watchMs }) {
    const endpoint = await lab.sink.at('/far');
    const first = await lab.replica();
    const far = await Promise.all(
      ['25 days', '30 days', '365 days', '3650 days'].map((interval_definition) =>
        lab.creates({ endpoint, interval_definition }),
      ),
    );
    const nextYear = `0 0 1 ${((new Date().getUTCMonth() + 11) % 12) + 1} *`;
    const crons = await Promise.all(
      ['@yearly', '0 0 29 2 *', nextYear].map((cron_definition) => lab.creates({ endpoint, cron_definition })),
    );
    await delay(watchMs);
    const early = lab.sink.seen().length;
    const wrongNext = await wrongNextOf(lab, [...far, ...crons]);

    // Their time has nearly come: the database is made as old as it would be then.
    await first.stop();
    const ripe = await ripened(lab, far);
    const second = await lab.replica();
    const account = await lab.settled(ripe, 60_000, Date.now() + DUE_IN_MS + 5_000);
    const output = first.output + second.output;
    return [
      exactly('early firings', early + account.earlierThan(0).length, 0),
      exactly('next_send_at off the oracle', wrongNext.length, 0, `  ${wrongNext.join('\n  ')}`),
      exactly('timer overflows', OVERFLOW.exec(output)?.[0] ?? 'none', 'none', output),
      ...nothingLost(lab, account),
      latenessFigure('lateness when due at last', account.lateness(), 1, 1_000),
    ];
  },
});

async function wrongNextOf(lab: Lab, schedules: Watched[]): Promise<string[]> {
  const shown = await Promise.all(schedules.map(({ id }) => lab.api('GET', `/api/v1/schedule/${id}/`)));
  return shown.flatMap(({ body }, i) => {
    const wanted = new Date(firstTickOf(schedules[i])).toISOString();
    return body.next_send_at === wanted ? [] : [`${String(body.next_send_at)}, wanted ${wanted}`];
  });
}

/** Shifts each schedule's past so far back that its first tick is due in DUE_IN_MS. */
async function ripened(lab: Lab, schedules: Watched[]): Promise<Watched[]> {
  const due = Math.ceil((Date.now() + DUE_IN_MS) / 1000) * 1000;
  return Promise.all(
    schedules.map(async (schedule) => {
      const period = periodMsOf(schedule.interval_definition!);
      const createdAt = due - period;
      await lab.postgres.query(
        `UPDATE triggers t SET next_fire_at = $2, phase = to_timestamp($3::float8)
           FROM schedules s WHERE s.trigger_id = t.id AND s.id = $1`,
        [schedule.id, new Date(due), (due % period) / 1000],
      );
      await lab.postgres.query('UPDATE schedules SET active_since = $2, created_at = $2 WHERE id = $1', [
        schedule.id,
        new Date(createdAt),
      ]);
      return { ...schedule, createdAt, activeSince: createdAt, frequency: 1 };
    }),
  );
}
