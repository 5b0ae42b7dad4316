import { bareLoop } from '../contenders/bare-loop.mjs';
import { bullmq } from '../contenders/bullmq.mjs';
import { graphileWorker } from '../contenders/graphile-worker.mjs';
import { pgBoss } from '../contenders/pg-boss.mjs';
import { serviceContenders } from '../contenders/service.mjs';
import { above, atLeast } from '../goals.mjs';
import { median, scaled } from '../numbers.mjs';
import { installPeers, peerVersions } from '../peers/install.mjs';
import { startSink } from '../sink.mjs';

const FULL = 20_000;

export const name = 'herd';
export const title = '20,000 due at once';

/** Every contender does the same durable work, in turns, and the median of its rounds counts. */
export async function run({ postgres, scale, rounds, progress }) {
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
  await sink.stop();
  return reportOf(count, results, skipped);
}

function reportOf(count, results, skipped) {
  const limit = medianOf(results.get(bareLoop), 'perSecond');
  const rows = [...results].map(([one, rounds]) => {
    const middle = middleRound(rounds);
    return {
      name: one.name,
      version: peerVersions()[one.package],
      note: one.note,
      isService: one.isService ?? false,
      isPeer: Boolean(one.package),
      ...withoutStats(middle),
      settledPerSecond: medianOf(rounds, 'settledPerSecond'),
      ratio: middle.perSecond / limit,
      rounds: rounds.map(({ perSecond }) => perSecond),
    };
  });
  // With the window open, where there is one; the others have it open too.
  const service = rows.findLast(({ isService }) => isService);
  const fastestPeer = rows.filter(({ isPeer }) => isPeer).reduce((a, b) => (a.perSecond > b.perSecond ? a : b));
  return {
    figures: {
      count,
      contenders: rows,
      skipped: skipped.map((one) => ({ name: one.name, reason: one.skipReason() })),
      fastestPeer: fastestPeer.name,
    },
    goals: [
      atLeast('of the bare loop', service.ratio, 0.33, ''),
      above(`of the fastest peer, ${fastestPeer.name}`, service.perSecond / fastestPeer.perSecond, 1, ''),
    ],
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

function withoutStats({ stats: _, ...rest }) {
  return rest;
}
