import { setTimeout as delay } from 'node:timers/promises';
import { atMost, experiment, type Figure } from '../library/experiment.js';
import type { Lab } from '../library/lab.js';
import type { ProxyMode } from '../library/proxy.js';
import { noneEnded, nothingLost } from '../library/verdicts.js';

const RECOVERED_WITHIN_S = 15;

export default experiment({
  number: 6,
  title: 'a proxy before PostgreSQL stops forwarding without closing, or swallows replies',
  full: { modes: ['stall', 'swallow'] as ProxyMode[], ms: 60_000 },

  async run(lab, { modes, ms }) {
    const replicas = await lab.replicas(2);
    const due = await lab.createsMany(20, { endpoint: await lab.sink.at('/hook') });
    await lab.until('deliveries arrive', () => lab.sink.seen().length > 0);
    const figures: Figure[] = [];
    for (const mode of modes) {
      lab.timeline.note(`the proxy: ${mode}`);
      lab.proxy.set(mode);
      await delay(ms);
      lab.timeline.note('the proxy: forward');
      lab.proxy.set('forward');
      const { api, delivery } = await recovery(lab);
      figures.push(atMost(`API back after ${mode}`, api, RECOVERED_WITHIN_S, 's'));
      figures.push(atMost(`deliveries on time after ${mode}`, delivery, RECOVERED_WITHIN_S, 's'));
    }
    const account = await lab.settled(due, 60_000, Date.now());
    return [...figures, ...nothingLost(lab, account), noneEnded(replicas)];
  },
});

/** Seconds until every replica answers, and until a tick arrives on time. */
async function recovery(lab: Lab): Promise<{ api: number; delivery: number }> {
  const start = Date.now();
  const seconds = () => (Date.now() - start) / 1000;
  const answers = Promise.all(
    lab.running.map(({ call, name }) =>
      lab.until(
        `${name} lists schedules and is ready`,
        async () =>
          (await answersSoon(() => call('GET', '/api/v1/schedule/?limit=1'))) &&
          (await answersSoon(() => call('GET', '/health/ready'))),
      ),
    ),
  ).then(seconds);
  const delivers = lab
    .until('a tick on time', () => lab.sink.seen().some(({ at, tick }) => tick > start && at - tick < 1_000))
    .then(seconds);
  const [api, delivery] = await Promise.all([answers, delivers]).catch(() => [Infinity, Infinity]);
  return { api, delivery };
}

async function answersSoon(call: () => Promise<{ status: number }>): Promise<boolean> {
  const reply = await Promise.race([call().catch(() => null), delay(1_000, null)]);
  return reply?.status === 200;
}
