import { exactly, experiment } from '../library/experiment.js';
import type { Watched } from '../library/oracle.js';
import { nothingLost } from '../library/verdicts.js';

/** Fewer than open a circuit breaker. */
const OF_EACH = 9;

export default experiment({
  number: 4,
  title: 'SIGSTOP a replica for longer than its lease, then SIGCONT',
  full: { origins: 20 },
  short: { origins: 1 },

  async run(lab, { origins }) {
    const schedules = origins * OF_EACH;
    // Its POSTs are answered by 500 while it sleeps; with one attempt it would settle them as failed. Meanwhile another
    // replica has delivered them.
    const behaviour = { statuses: [500, 200], delayMs: [4_000, 0] };
    const environment = { DELIVERY_MAX_ATTEMPTS: '1' };
    const paused = await lab.replica({ environment });
    const due: Watched[] = [];
    for (let n = 0; n < origins; n++) {
      const endpoint = await lab.sink.alone(`/hook-${n}`, behaviour);
      due.push(...(await lab.createsMany(OF_EACH, { endpoint, interval_definition: '5 seconds', frequency: 1 })));
    }
    await lab.until('all POSTs are in flight', () => lab.sink.seen().length >= schedules);
    paused.pause();
    await lab.replica({ environment });
    const before = await lab.settled(due, 60_000);
    const outcomes = outcomesOf(await lab.postgres.query(STATE));
    const breakers = await lab.postgres.query(ORIGINS);

    paused.resume();
    const rows = before.rows.length;
    await lab.until('its POSTs are in the history', async () => {
      const [{ count }] = await lab.postgres.query<{ count: number }>('SELECT count(*)::int AS count FROM attempts');
      return count === rows + schedules;
    });
    await lab.until('it is at work again', async () => (await paused.call('GET', '/health/ready')).status === 200);
    const after = await lab.account(due);
    const changed = outcomesOf(await lab.postgres.query(STATE));
    return [
      ...nothingLost(lab, after),
      exactly('outcomes before', outcomes, `${schedules} delivered`),
      exactly('outcomes after its stale settlement', changed, outcomes),
      exactly('circuit breakers after it', stateOf(await lab.postgres.query(ORIGINS)), stateOf(breakers)),
      exactly('failed tasks', (await lab.postgres.query('SELECT FROM failed_tasks')).length, 0),
      exactly('arrivals', after.arrivals.length, 2 * schedules),
    ];
  },
});

// The circuit breaker: what is stale says nothing of how the endpoint is now.
const ORIGINS = 'SELECT DISTINCT failures_in_row, opened_at FROM origins';
const STATE = `SELECT outcome, count(*)::int FROM attempts WHERE outcome IS NOT NULL GROUP BY outcome ORDER BY outcome`;

function outcomesOf(rows: Record<string, unknown>[]): string {
  return rows.map(({ outcome, count }) => `${String(count)} ${String(outcome)}`).join(', ');
}

function stateOf(origins: Record<string, unknown>[]): string {
  return origins
    .map(({ failures_in_row, opened_at }) => `${String(failures_in_row)} ${opened_at ? 'open' : 'closed'}`)
    .join();
}
