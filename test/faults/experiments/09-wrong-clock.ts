import type { Account } from '../library/account.js';
import { exactly, experiment } from '../library/experiment.js';
import { duplicatesAtMost, latenessFigure, nothingLost } from '../library/verdicts.js';

const RETRIED = 9;

export default experiment({
  number: 9,
  title: "a replica's clock 10 minutes off",
  full: { shiftsMinutes: [10, -10], schedules: 50, runs: 20 },

  async run(lab, { shiftsMinutes, schedules, runs }) {
    await lab.replica();
    for (const minutes of shiftsMinutes) {
      const environment = { CLOCK_SHIFT_MS: String(minutes * 60_000) };
      await lab.replica({ environment, preloads: ['clock.ts'] });
    }
    const once = await lab.createsMany(schedules, { endpoint: await lab.sink.at('/ok'), frequency: runs });
    // Too few to be taken for a dead endpoint; apart from the others in any case.
    const endpoint = await lab.sink.alone('/retried', { statuses: [500, 200] });
    const twice = await lab.createsMany(RETRIED, { endpoint, frequency: 1 });
    const cron = await lab.creates({
      endpoint: await lab.sink.at('/cron'),
      cron_definition: '* * * * *',
      frequency: 1,
    });
    const account = await lab.settled([...once, ...twice, cron], 90_000);
    const isFirst = new Set(once.map(({ id }) => id));
    return [
      ...nothingLost(lab, account),
      duplicatesAtMost(lab, account, 0),
      latenessFigure('first retry after a failure, slowest', retryWaits(account), 1, 5_000),
      exactly('early by more than 1 s', account.earlierThan(1_000).length, 0),
      latenessFigure(
        'lateness, p99',
        account.lateness(({ scheduleId }) => isFirst.has(scheduleId)),
        0.99,
        2_000,
      ),
    ];
  },
});

/** Milliseconds from a failed arrival to the next one; the backoff is 2 s and a quarter at most. */
function retryWaits({ arrivals }: Account): number[] {
  const failed = arrivals.filter(({ answered }) => answered === 500);
  const waits = failed.map((first) => {
    const next = arrivals.find(({ delivery, at }) => delivery === first.delivery && at > first.at);
    return next ? next.at - first.at : Infinity;
  });
  return waits.sort((a, b) => a - b);
}
