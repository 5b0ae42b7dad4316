import { once } from 'node:events';
import { startScript } from '../processes.mjs';
import { IN_FLIGHT } from './limits.mjs';

/** The limit: the same POSTs with nothing around them. */
export const bareLoop = {
  name: 'bare undici loop',
  note: 'no database, no queue: the limit',
  async round({ sink, count }) {
    await sink.reset();
    const child = startScript('bench/programs/bare-loop.mjs', [sink.urlOf(), String(count), String(IN_FLIGHT)]);
    child.stdout.resume();
    const [code] = await once(child, 'exit');
    const stats = await sink.stats();
    if (code !== 0 || stats.count < count) throw new Error(`the bare loop made ${stats.count} of ${count} POSTs`);
    return { perSecond: stats.perSecond, settledPerSecond: stats.perSecond, duplicates: stats.duplicates };
  },
};
