import { setTimeout as delay } from 'node:timers/promises';
import { atMost, exactly, experiment, type Figure } from '../library/experiment.js';
import type { Replica } from '../library/replica.js';
import { duplicatesAtMost, nothingLost } from '../library/verdicts.js';

const PROBE_EVERY_MS = 5;

export default experiment({
  number: 3,
  title: 'rolling SIGTERM under load',
  full: { replicas: 3, schedules: 200, runs: 30 },
  short: { replicas: 2, schedules: 20, runs: 45 },

  async run(lab, { replicas, schedules, runs }) {
    const endpoint = await lab.sink.at('/hook', { delayMs: 400 });
    const old = await lab.replicas(replicas);
    const due = await lab.createsMany(schedules, { endpoint, frequency: runs });
    const stops: Stop[] = [];
    for (const replica of old) {
      await lab.replica();
      const seen = lab.sink.seen().length;
      await lab.until('a delivery is in flight', () => lab.sink.seen().length > seen);
      stops.push(await stopped(replica));
    }
    const account = await lab.settled(due, 60_000);
    return [...nothingLost(lab, account), duplicatesAtMost(lab, account, 0), ...stopFigures(stops)];
  },
});

interface Stop {
  code: number | null;
  seconds: number;
  /** what readiness answered between the signal and the end, without repetitions */
  probes: number[];
}

async function stopped(replica: Replica): Promise<Stop> {
  const start = Date.now();
  const exit = replica.stop();
  const probes: number[] = [];
  while (replica.isRunning) {
    const answer = await replica.call('GET', '/health/ready').catch(() => null);
    if (answer && answer.status !== probes.at(-1)) probes.push(answer.status);
    await delay(PROBE_EVERY_MS);
  }
  return { code: await exit, seconds: (Date.now() - start) / 1000, probes };
}

function stopFigures(stops: Stop[]): Figure[] {
  const saidSo = stops.filter(({ probes }) => probes.at(-1) === 503);
  return [
    exactly('exit codes', stops.map(({ code }) => code).join(), stops.map(() => 0).join()),
    atMost('slowest exit', Math.max(...stops.map(({ seconds }) => seconds)), 30, 's'),
    exactly(
      'readiness 503 before the end',
      saidSo.length,
      stops.length,
      `  probes: ${JSON.stringify(stops.map(({ probes }) => probes))}`,
    ),
  ];
}
