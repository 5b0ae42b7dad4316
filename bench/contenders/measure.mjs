import { cpuOf, cpuOfMachine } from '../processes.mjs';

/**
 * Waits until a contender has delivered everything and settled it, and tells what that took. All figures of speed come
 * from the sink and from the databases, none from the contender itself.
 *
 * @param settled resolves when no job is left
 */
export async function measureRun({ sink, postgres, database, count, child, settled }) {
  const before = snapshot({ sink, postgres, child });
  const walBefore = await database.walPosition();
  await sink.received(count);
  const after = snapshot({ sink, postgres, child });
  await settled();
  const settledAt = Date.now();
  const endUs = monotonicUs();
  const walBytes = (await database.walPosition()) - walBefore;
  const stats = await sink.stats();
  const recorded = Number(await database.value('SELECT count(*) FROM attempts'));
  if (recorded < count) throw new Error(`${recorded} of ${count} attempts were recorded`);
  return {
    perSecond: stats.perSecond,
    settledPerSecond: (count - 1) / ((settledAt - stats.first) / 1000),
    duplicates: stats.duplicates,
    walBytesPerDelivery: walBytes / count,
    cpuSeconds: Object.fromEntries(Object.keys(after).map((key) => [key, after[key] - before[key]])),
    /** for a profile: microseconds of the clock that Node.js stamps profiles with */
    window: [endUs - (settledAt - stats.first) * 1000, endUs],
    stats,
  };
}

function monotonicUs() {
  return Number(process.hrtime.bigint() / 1000n);
}

function snapshot({ sink, postgres, child }) {
  const { used, had } = cpuOfMachine();
  return {
    contender: cpuOf(child),
    postgres: postgres.cpuSeconds(),
    sink: cpuOf(sink.child),
    machineUsed: used,
    machineHad: had,
  };
}
