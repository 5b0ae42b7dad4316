import { setTimeout as delay } from 'node:timers/promises';
import { atMost, exactly, experiment, type Figure } from '../library/experiment.js';
import type { Lab } from '../library/lab.js';
import { noneEnded, nothingLost } from '../library/verdicts.js';

const WRITE_EVERY_MS = 50;
const DOWN_MS = 2_000;

export default experiment({
  number: 5,
  title: 'PostgreSQL stopped in immediate mode, again and again, then down for long',
  full: { stops: 10, longMs: 60_000, schedules: 50 },
  short: { stops: 1, longMs: 4_000, schedules: 10 },

  async run(lab, { stops, longMs, schedules }) {
    const replicas = await lab.replicas(2);
    const endpoint = await lab.sink.at('/hook');
    const due = await lab.createsMany(schedules, { endpoint });
    await lab.until('deliveries arrive', () => lab.sink.seen().length > 0);
    const writer = startWriting(lab, endpoint);
    const outages: Outage[] = [];
    for (let i = 0; i < stops; i++) outages.push(await outage(lab, DOWN_MS));
    outages.push(await outage(lab, longMs));
    const acknowledged = await writer.stop();

    const account = await lab.settled(due, 60_000, Date.now());
    const kept = await lab.postgres.query('SELECT FROM schedules WHERE id = ANY($1)', [acknowledged]);
    return [
      ...nothingLost(lab, account),
      exactly(`acknowledged creations lost of ${acknowledged.length}`, acknowledged.length - kept.length, 0),
      noneEnded(replicas),
      ...outageFigures(outages),
    ];
  },
});

interface Outage {
  /** while the database was down: what liveness answered, and readiness last */
  live: number[];
  ready: number[];
  /** from its return to the first delivery of a tick after that */
  secondsToDelivery: number;
}

async function outage(lab: Lab, downMs: number): Promise<Outage> {
  await lab.postgres.stopImmediately();
  lab.timeline.note('PostgreSQL is down');
  const end = Date.now() + downMs;
  let probes: { live: number; ready: number }[] = [];
  while (Date.now() < end) {
    probes = await Promise.all(
      lab.running.map(async ({ call }) => ({
        live: (await call('GET', '/health/live')).status,
        ready: (await call('GET', '/health/ready')).status,
      })),
    );
    await delay(100);
  }
  await lab.postgres.start();
  lab.timeline.note('PostgreSQL is back');
  const back = Date.now();
  const isNew = () => lab.sink.seen().some(({ tick }) => tick > back);
  await lab.until('a tick after its return arrives', isNew);
  const secondsToDelivery = (Date.now() - back) / 1000;
  return { live: probes.map(({ live }) => live), ready: probes.map(({ ready }) => ready), secondsToDelivery };
}

/** Creates schedules all the while. @returns ids of those that were acknowledged */
function startWriting(lab: Lab, endpoint: string): { stop(): Promise<string[]> } {
  const acknowledged: string[] = [];
  let isStopped = false;
  const writing = (async () => {
    while (!isStopped) {
      const made = await lab.creates({ endpoint, interval_definition: '1 days' }).catch(() => null);
      if (made) acknowledged.push(made.id);
      await delay(WRITE_EVERY_MS);
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await writing;
      return acknowledged;
    },
  };
}

function outageFigures(outages: Outage[]): Figure[] {
  const answers = (statuses: number[]) => [...new Set(statuses)].join();
  return [
    exactly('liveness while it is down', answers(outages.flatMap(({ live }) => live)), '200'),
    exactly('readiness while it is down', answers(outages.flatMap(({ ready }) => ready)), '503'),
    atMost('slowest return to deliveries', Math.max(...outages.map((one) => one.secondsToDelivery)), 10, 's'),
  ];
}
