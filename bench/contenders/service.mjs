import { setTimeout as delay } from 'node:timers/promises';
import { memoryOf } from '../processes.mjs';
import { settled, sizesOf } from '../queue-state.mjs';
import { makeDueByCrontab, minuteAfter, seedSchedules } from '../seed.mjs';
import { hasSetting, startService } from '../service.mjs';
import { IN_FLIGHT } from './limits.mjs';
import { measureRun } from './measure.mjs';

const PER_ORIGIN = 'DELIVERY_CONCURRENCY_PER_ORIGIN';
const MARGIN_MS = 8_000;

/**
 * This service as it is built. One sink is one origin, of which a replica takes 50 POSTs at a time unless it is told
 * otherwise; with the window open for it the service has as many in flight as everybody else.
 */
export function serviceContenders() {
  const contenders = [contender('this service', 'default settings', {})];
  if (hasSetting(PER_ORIGIN)) {
    const note = `${PER_ORIGIN}=${IN_FLIGHT}: one sink is one origin`;
    contenders.push(contender('this service, window open', note, { [PER_ORIGIN]: String(IN_FLIGHT) }));
  }
  return contenders;
}

function contender(name, note, env) {
  return { name, note, isService: true, round: (context) => round(context, env) };
}

/** All schedules share one crontab and are due at one minute. */
async function round({ postgres, sink, count, nodeOptions = [] }, env) {
  const database = await postgres.createDatabase();
  const service = await startService(database, { env, nodeOptions });
  try {
    const { triggerId } = await seedSchedules(database, service, count, { endpoint: sink.urlOf() });
    const due = minuteAfter(MARGIN_MS);
    await makeDueByCrontab(database, triggerId, due);
    await postgres.checkpoint();
    const sizesBefore = await sizesOf(database);
    const memoryBefore = memoryOf(service.child);
    await delay(due.getTime() - Date.now() - 1_000);
    await sink.reset();
    const { child } = service;
    const run = await measureRun({ sink, postgres, database, count, child, settled: () => settled(database) });
    const sizes = await sizesOf(database);
    return {
      ...run,
      firstMs: run.stats.first - due.getTime(),
      lateness: run.stats.lateness,
      memory: { before: memoryBefore, after: memoryOf(child) },
      ledgerBytesPerAttempt: (sizes.ledger - sizesBefore.ledger) / count,
      // The highest the table came to be, versions of rows that leases left behind included.
      queueBytesPerDelivery: (sizes.queue - sizesBefore.queue) / count,
    };
  } finally {
    await service.stop();
    await database.drop();
  }
}
