import { exactly, experiment } from '../library/experiment.js';
import { duplicatesAtMost, latenessFigure, nothingLost } from '../library/verdicts.js';

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
    const endpoint = await lab.sink.at('/hook', { statuses: [500, 200] });
    const once = await lab.createsMany(schedules, { endpoint: await lab.sink.at('/ok'), frequency: runs });
    const twice = await lab.createsMany(schedules, { endpoint, frequency: 2 });
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
