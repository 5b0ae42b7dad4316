import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { end, firstLine, startScript } from './processes.mjs';

const POLL_MS = 50;
const ARRIVAL_PATIENCE_MS = 600_000;

/**
 * Starts the receiver of all POSTs, in a process of its own.
 *
 * @param ports how many origins it has
 * @param delayMs how long each answer takes
 */
export async function startSink({ ports = 1, delayMs = 0 } = {}) {
  const child = startScript('bench/programs/sink.mjs', [String(ports), String(delayMs)]);
  const origins = JSON.parse(await firstLine(child)).map((port) => `http://127.0.0.1:${port}`);
  const [control] = origins;
  const get = async (path) => (await request(control + path)).body.json();
  return {
    child,
    origins,
    urlOf: (path = '/hook', index = 0) => origins[index % origins.length] + path,
    count: async (path = '/hook') => (await get(`/count?path=${path}`)).count,
    stats: (path = '/hook', every = 0) => get(`/stats?path=${path}&every=${every}`),
    async reset(path = '/hook') {
      await (await request(`${control}/?path=${path}`, { method: 'DELETE' })).body.dump();
    },
    /** Resolves when so many have arrived. */
    async received(count, path = '/hook', patienceMs = ARRIVAL_PATIENCE_MS) {
      const deadline = Date.now() + patienceMs;
      for (;;) {
        const received = await this.count(path);
        if (received >= count) return;
        if (Date.now() > deadline) throw new Error(`${received} of ${count} deliveries arrived`);
        await delay(POLL_MS);
      }
    },
    stop: () => end(child),
  };
}
