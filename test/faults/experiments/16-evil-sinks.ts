import { Account } from '../library/account.js';
import { atMost, exactly, experiment, type Figure, noted } from '../library/experiment.js';
import type { Lab } from '../library/lab.js';
import type { Watched } from '../library/oracle.js';
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
  full: { origins: 12, each: 8 },

  async run(lab, { origins, each }) {
    const environment = { DEFAULT_REQUEST_TIMEOUT: String(TIMEOUT_S), DELIVERY_MAX_ATTEMPTS: '1' };
    const replica = await lab.replica({ environment });
    // Memory that any work takes is not the evil ones'.
    for (let round = 0; round < 3; round++) {
      await deliverTo(lab, await onOrigins(origins, (n) => lab.sink.alone(`/ok-${n}`)), each);
    }

    const before = replica.memoryMib;
    const figures: Figure[] = [];
    for (const [evil, endpoint] of await evils(lab)) {
      const most = peakOf(replica);
      const account = await deliverTo(lab, await onOrigins(origins, endpoint), each);
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

/** Each endpoint gets `each` deliveries at the same instant; the account is of these only. */
async function deliverTo(lab: Lab, endpoints: string[], each: number): Promise<Account> {
  const due: Watched[] = [];
  for (const endpoint of endpoints) {
    const one = await lab.creates({ endpoint, interval_definition: '3 seconds', frequency: 1 });
    due.push(one, ...(await lab.clones(one, each - 1)));
  }
  const { expected, arrivals, rows } = await lab.settled(due, 60_000);
  const ids = new Set(due.map(({ id }) => id));
  return new Account(
    expected,
    arrivals,
    rows.filter(({ schedule_id }) => ids.has(schedule_id)),
  );
}

function onOrigins(count: number, endpoint: (n: number) => Promise<string>): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, (_, n) => endpoint(n)));
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

type Endpoint = (n: number) => Promise<string>;

/** Each evil on as many origins as are asked for: a dead endpoint's own deliveries are held back after ten failures. */
async function evils(lab: Lab): Promise<[string, Endpoint][]> {
  const headers = { location: await lab.sink.at('/trap') };
  return [
    ...EVILS.map((evil): [string, Endpoint] => [
      evil,
      (n) => lab.sink.alone(`/${evil.replaceAll(' ', '-')}-${n}`, { evil }),
    ]),
    ['redirect to loopback', (n) => lab.sink.alone(`/redirect-${n}`, { statuses: [302], headers })],
    ['bad certificate', (n) => lab.sink.tls(`/bad-certificate-${n}`)],
  ];
}
