import { setTimeout as delay } from 'node:timers/promises';
import { percentile } from '../library/account.js';
import { atMost, exactly, experiment, noted } from '../library/experiment.js';
import type { Lab } from '../library/lab.js';
import { duplicatesAtMost, nothingLost } from '../library/verdicts.js';

const CALL_EVERY_MS = 25;

export default experiment({
  number: 13,
  title: 'many schedules due in one second',
  full: { count: 20_000 },

  async run(lab, { count }) {
    await lab.replica();
    const endpoint = await lab.sink.at('/herd');
    const one = await lab.creates({ endpoint, interval_definition: '20 seconds', frequency: 1 });
    const due = [one, ...(await lab.clones(one, count - 1))];
    await lab.until('the herd is due', () => lab.sink.seen().length > 0);
    const calls = startCalling(lab, endpoint);
    await lab.until('all have arrived', () => lab.sink.seen().length >= count, 120_000);
    const { latencies, failures } = await calls.stop();

    const account = await lab.settled(due, 60_000);
    const lateness = account.lateness();
    return [
      ...nothingLost(lab, account),
      duplicatesAtMost(lab, account, 0),
      atMost(`API meanwhile, p99 of ${latencies.length} calls`, percentile(latencies, 0.99), 500, 'ms'),
      exactly('API calls that failed', failures, 0),
      noted('lateness, first and last', `${lateness[0]} and ${lateness.at(-1)} ms`),
    ];
  },
});

/** Lists, reads and creates all the while. */
function startCalling(lab: Lab, endpoint: string) {
  const latencies: number[] = [];
  const calls: Promise<void>[] = [];
  let failures = 0;
  let isStopped = false;
  const call = async (i: number) => {
    const start = performance.now();
    const isCreation = i % 3 === 0;
    const reply = isCreation
      ? await lab.api('POST', '/api/v1/schedule/', { endpoint, interval_definition: '1 days' })
      : await lab.api('GET', `/api/v1/schedule/?limit=10`);
    latencies.push(performance.now() - start);
    if (reply.status >= 300) failures++;
  };
  const calling = (async () => {
    for (let i = 0; !isStopped; i++) {
      calls.push(call(i));
      await delay(CALL_EVERY_MS);
    }
    await Promise.all(calls);
  })();
  return {
    async stop() {
      isStopped = true;
      await calling;
      return { latencies: latencies.sort((a, b) => a - b), failures };
    },
  };
}
