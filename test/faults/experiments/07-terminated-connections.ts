import { setTimeout as delay } from 'node:timers/promises';
import { experiment, noted } from '../library/experiment.js';
import { noneEnded, nothingLost } from '../library/verdicts.js';

// One of the service's own, of any pool and of the notifications.
const TERMINATE_ANY = `
  SELECT pg_terminate_backend(pid), application_name, state FROM (
    SELECT pid, application_name, state FROM pg_stat_activity
     WHERE application_name LIKE 'seed-scheduler%' ORDER BY random() LIMIT 1) AS victim`;

export default experiment({
  number: 7,
  title: 'pg_terminate_backend of a random connection every second',
  full: { seconds: 30, schedules: 100 },

  async run(lab, { seconds, schedules }) {
    const replicas = await lab.replicas(2);
    const due = await lab.createsMany(schedules, { endpoint: await lab.sink.at('/hook') });
    for (let i = 0; i < seconds; i++) {
      await delay(1_000 - (i % 2 === 0 ? (Date.now() % 1000) - 20 : 0));
      const [victim] = await lab.postgres.query(TERMINATE_ANY);
      lab.timeline.note(`PostgreSQL ends a connection: ${JSON.stringify(victim)}`);
    }
    const account = await lab.settled(due, 60_000, Date.now());
    return [...nothingLost(lab, account), noneEnded(replicas), noted('duplicates', String(account.duplicates.length))];
  },
});
