import { atMost, exactly, experiment, noted } from '../library/experiment.js';
import type { Lab } from '../library/lab.js';
import type { Watched } from '../library/oracle.js';
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
const WARM_UP = 500;
const SAMPLE_EVERY_MS = 50;

export default experiment({
  number: 16,
  title: 'evil sinks',
  full: { each: 40 },

  async run(lab, { each }) {
    const environment = { DEFAULT_REQUEST_TIMEOUT: String(TIMEOUT_S), DELIVERY_MAX_ATTEMPTS: '1' };
    const replica = await lab.replica({ environment });
    // Memory that any work takes is not the evil ones'.
    const healthy = { endpoint: await lab.sink.at('/ok'), frequency: WARM_UP / 50 };
    await lab.settled(await lab.createsMany(50, healthy), 60_000);

    const before = replica.memoryMib;
    let most = before;
    const sampler = setInterval(() => (most = Math.max(most, replica.memoryMib)), SAMPLE_EVERY_MS);
    const due: Watched[] = [];
    for (const endpoint of await endpoints(lab)) due.push(...(await lab.createsMany(each, { endpoint, frequency: 1 })));
    const account = await lab.settled(due, 60_000);
    clearInterval(sampler);

    const durations = account.rows.map(({ duration_ms }) => (duration_ms ?? 0) / 1000);
    const ends = Map.groupBy(account.rows, ({ status, error }) => String(status ?? error));
    return [
      exactly(`without a recorded outcome, of ${due.length}`, account.open.length, 0),
      atMost('longest attempt', Math.max(...durations), TIMEOUT_S + 1, 's'),
      atMost('memory grew by', most - before, 50, 'MiB'),
      exactly(
        'requests to the target of the redirect',
        lab.sink.seen().filter(({ path }) => path === '/trap').length,
        0,
      ),
      noneEnded([replica]),
      noted('attempts by how they ended', [...ends].map(([how, rows]) => `${how} ${rows.length}`).join(', ')),
    ];
  },
});

async function endpoints(lab: Lab): Promise<string[]> {
  const evil = await Promise.all(EVILS.map((one) => lab.sink.at(`/${one.replaceAll(' ', '-')}`, { evil: one })));
  const trap = await lab.sink.at('/trap');
  const redirect = await lab.sink.at('/redirect', { statuses: [302], headers: { location: trap } });
  return [...evil, redirect, lab.sink.tls('/bad-certificate')];
}
