import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bareLoop } from '../contenders/bare-loop.mjs';
import { bullmq } from '../contenders/bullmq.mjs';
import { graphileWorker } from '../contenders/graphile-worker.mjs';
import { pgBoss } from '../contenders/pg-boss.mjs';
import { serviceContenders } from '../contenders/service.mjs';
import { flameGraphOf } from '../flame.mjs';
import { above, atLeast } from '../goals.mjs';
import { compact, median, scaled } from '../numbers.mjs';
import { installPeers, peerVersions } from '../peers/install.mjs';
import { makeTempDir } from '../processes.mjs';
import { startSink } from '../sink.mjs';

const FULL = 20_000;

export const name = 'herd';
export const title = '20,000 due at once';

/** Every contender does the same durable work, in turns, and the median of its rounds counts. */
export async function run({ postgres, scale, rounds, progress, cpuProf }) {
  await installPeers();
  const count = scaled(FULL, scale, 1_000);
  const contenders = [bareLoop, ...serviceContenders(), pgBoss, graphileWorker, bullmq];
  const skipped = contenders.filter((one) => one.skipReason?.());
  const running = contenders.filter((one) => !skipped.includes(one));
  const results = new Map(running.map((one) => [one, []]));
  const sink = await startSink();
  for (let round = 1; round <= rounds; round++) {
    for (const one of running) {
      progress(`${one.name}, round ${round} of ${rounds}`);
      const result = await one.round({ postgres, sink, count });
      progress(`  ${result.perSecond.toFixed(0)} deliveries/s`);
      results.get(one).push(result);
    }
  }
  const flameGraph = cpuProf ? await profile({ postgres, sink, count, progress }) : undefined;
  await sink.stop();
  return { ...reportOf(count, results, skipped), flameGraph };
}

/** One more round of the service, apart from the others since the profiler slows it down. */
async function profile({ postgres, sink, count, progress }) {
  progress('this service, with a CPU profile');
  const folder = makeTempDir();
  const nodeOptions = ['--cpu-prof', `--cpu-prof-dir=${folder}`];
  const { window, perSecond } = await serviceContenders().at(-1).round({ postgres, sink, count, nodeOptions });
  const [file] = readdirSync(folder);
  const title = `${compact(count)} deliveries due at once, ${compact(perSecond)}/s while profiled; idle time left out`;
  return flameGraphOf(JSON.parse(readFileSync(join(folder, file), 'utf8')), { title, window });
}

function reportOf(count, results, skipped) {
  const limit = medianOf(results.get(bareLoop), 'perSecond');
  const contenders = [...results].map(([one, rounds]) => figuresOf(one, rounds, limit));
  // With the window open, where there is such a setting: the others have it open too.
  const service = contenders.findLast(({ isService }) => isService);
  const fastest = contenders.filter(({ isPeer }) => isPeer).reduce((a, b) => (a.perSecond > b.perSecond ? a : b));
  return {
    figures: {
      count,
      contenders,
      skipped: skipped.map((one) => ({ name: one.name, reason: one.skipReason() })),
      fastestPeer: fastest.name,
    },
    goals: [
      atLeast('of the bare loop', service.ratio, 0.33, ''),
      above(`of the fastest peer, ${fastest.name}`, service.perSecond / fastest.perSecond, 1, ''),
    ],
    rows: [
      ...contenders.map(rowOf),
      ...skipped.map((one) => [one.name, `skipped: ${one.skipReason()}`]),
      ...serviceRows(service),
    ],
    chart: {
      unit: '/s',
      bars: contenders.map((one) => ({ label: one.name, value: one.perSecond, isOurs: one.isService })),
    },
  };
}

function figuresOf(one, rounds, limit) {
  const { stats: _stats, window: _window, ...middle } = middleRound(rounds);
  return {
    name: one.name,
    version: peerVersions()[one.package],
    note: one.note,
    isService: one.isService ?? false,
    isPeer: Boolean(one.package),
    ...middle,
    settledPerSecond: medianOf(rounds, 'settledPerSecond'),
    ratio: middle.perSecond / limit,
    rounds: rounds.map(({ perSecond }) => perSecond),
  };
}

function medianOf(rounds, key) {
  return median(rounds.map((round) => round[key]));
}

/** The round whose rate is the median one, with all that was measured in it. */
function middleRound(rounds) {
  const rate = medianOf(rounds, 'perSecond');
  return rounds.find(({ perSecond }) => perSecond === rate);
}

function rowOf({ name: label, version, perSecond, settledPerSecond, ratio, duplicates, cpuSeconds, note }) {
  const cpu = cpuSeconds && `processor ${compact(cpuSeconds.contender)} + PostgreSQL ${compact(cpuSeconds.postgres)} s`;
  return [
    version ? `${label} ${version}` : label,
    `${compact(perSecond)}/s`,
    `ratio ${compact(ratio)}`,
    `settled ${compact(settledPerSecond)}/s`,
    `${duplicates} duplicates`,
    cpu ?? '',
    note,
  ];
}

function serviceRows({ firstMs, lateness, memory, walBytesPerDelivery, ledgerBytesPerAttempt, queueBytesPerDelivery }) {
  return [
    ['first arrival', `${compact(firstMs)} ms after due`],
    ['lateness', `p50 ${compact(lateness.p50)} ms, p99 ${compact(lateness.p99)} ms`],
    ['memory', `${compact(memory.before.rss)} MiB before, ${compact(memory.after.peak)} MiB at its highest`],
    ['WAL', `${compact(walBytesPerDelivery)} bytes a delivery`],
    ['disk', `${compact(ledgerBytesPerAttempt)} bytes an attempt, ${compact(queueBytesPerDelivery)} bytes a delivery`],
  ];
}
