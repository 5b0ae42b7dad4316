import { Account } from '../library/account.js';
import { atMost, exactly, experiment, type Figure, noted } from '../library/experiment.js';
import type { Lab } from '../library/lab.js';
import type { Replica } from '../library/replica.js';
import type { Behaviour } from '../library/sink.js';
import { noneEnded } from '../library/verdicts.js';

const EVILS: NonNullable<Behaviour['evil']>[] = [
  'hang',
  'drip',
  'endless',
  'gzip bomb',
  'reset',
  'malformed',
  'huge headers',
];
const TIMEOUT_S = 5;
const SAMPLE_EVERY_MS = 50;

export default experiment({
  number: 16,
  title: 'evil sinks',
  full: { each: 100 },

  async run(lab, { each }) {
    const environment = { DEFAULT_REQUEST_TIMEOUT: String(TIMEOUT_S), DELIVERY_MAX_ATTEMPTS: '1' };
    const replica = await lab.replica({ environment });
    // Memory that any work takes is not the evil ones'.
    for (let round = 0; round < 3; round++) await deliverTo(lab, await lab.sink.at('/ok'), each);

    const before = replica.memoryMib;
    const figures: Figure[] = [];
    for (const [evil, endpoint] of await endpoints(lab)) {
      const most = peakOf(replica);
      const account = await deliverTo(lab, endpoint, each);
      const longest = Math.max(...account.rows.map(({ duration_ms }) => (duration_ms ?? 0) / 1000));
      const ends = new Set(account.rows.map(({ status, error }) => status ?? error));
      figures.push(
        exactly(`${evil}: without a recorded outcome`, account.open.length, 0),
        atMost(`${evil}: longest attempt`, longest, TIMEOUT_S + 1, 's'),
        atMost(`${evil}: memory since the beginning`, most() - before, 50, 'MiB'),
        noted(`${evil}: recorded as`, [...ends].join(', ')),
      );
    }
    const trapped = lab.sink.seen().filter(({ path }) => path === '/trap').length;
    return [...figures, exactly('requests to the target of the redirect', trapped, 0), noneEnded([replica])];
  },
});

/** Every one of `each` schedules once, at the same instant; the account is of these only. */
async function deliverTo(lab: Lab, endpoint: string, each: number): Promise<Account> {
  const one = await lab.creates({ endpoint, interval_definition: '3 seconds', frequency: 1 });
  const due = [one, ...(await lab.clones(one, each - 1))];
  const { expected, arrivals, rows } = await lab.settled(due, 60_000);
  const ids = new Set(due.map(({ id }) => id));
  return new Account(
    expected,
    arrivals,
    rows.filter(({ schedule_id }) => ids.has(schedule_id)),
  );
}

/** Watches a process's memory. @returns what ends the watch and gives the peak, MiB */
function peakOf(replica: Replica): () => number {
  let most = replica.memoryMib;
  const sampler = setInterval(() => (most = Math.max(most, replica.memoryMib)), SAMPLE_EVERY_MS);
  return () => {
    clearInterval(sampler);
    return most;
  };
}

async function endpoints(lab: Lab): Promise<[string, string][]> {
  const evils = EVILS.map(async (evil): Promise<[string, string]> => [
    evil,
    await lab.sink.at(`/${evil.replaceAll(' ', '-')}`, { evil }),
  ]);
  const headers = { location: await lab.sink.at('/trap') };
  const redirect = await lab.sink.at('/redirect', { statuses: [302], headers });
  return [
    ...(await Promise.all(evils)),
    ['redirect to loopback', redirect],
    ['bad certificate', lab.sink.tls('/bad-certificate')],
  ];
}
