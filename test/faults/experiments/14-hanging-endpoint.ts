import { percentile } from '../library/account.js';
import { atMost, experiment, noted } from '../library/experiment.js';
import type { Lab } from '../library/lab.js';
import type { Watched } from '../library/oracle.js';
import { duplicatesAtMost, nothingLost } from '../library/verdicts.js';

export default experiment({
  number: 14,
  title: 'schedules to a sink that never answers beside healthy ones',
  full: { healthy: 500, hanging: 500, runs: 40, concurrency: 256 },
  short: { healthy: 20, hanging: 100, runs: 8, concurrency: 60 },

  async run(lab, { healthy, hanging, runs, concurrency }) {
    await lab.replica({ environment: { DELIVERY_CONCURRENCY: String(concurrency) } });
    const endpoint = await lab.sink.at('/healthy');
    const alone = await p99Of(lab, await lab.createsMany(healthy, { endpoint, frequency: runs }));

    const deaf = await lab.anotherSink();
    const dead = await lab.creates({
      endpoint: await deaf.at('/dead', { evil: 'hang' }),
      interval_definition: '3 seconds',
    });
    await lab.clones(dead, hanging - 1);
    await lab.until('the dead ones are in flight', () => deaf.seen().length > 0);
    const due = await lab.createsMany(healthy, { endpoint, frequency: runs });
    const beside = await p99Of(lab, due);
    const account = await lab.account(due);
    return [
      noted('healthy ones alone, lateness p99', `${alone} ms`),
      noted('POSTs that hang', String(deaf.seen().length)),
      atMost('worse beside hanging ones', beside - alone, 1_000, 'ms'),
      ...nothingLost(lab, account),
      duplicatesAtMost(lab, account, 0),
    ];
  },
});

async function p99Of(lab: Lab, due: Watched[]): Promise<number> {
  const account = await lab.settled(due, 120_000);
  return percentile(account.lateness(), 0.99);
}
