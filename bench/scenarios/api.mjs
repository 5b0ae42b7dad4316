import { performance } from 'node:perf_hooks';
import { Agent, request } from 'undici';
import { atLeast, below } from '../goals.mjs';
import { inFlight, timed } from '../in-flight.mjs';
import { compact, median, scaled, summary } from '../numbers.mjs';
import { end, firstLine, startScript } from '../processes.mjs';
import { seedSchedules } from '../seed.mjs';
import { withService } from '../service.mjs';

const CREATIONS_IN_FLIGHT = 64;
const FULL_CREATIONS = 5_000;
const FULL_SCHEDULES = 1_000_000;
const FULL_READS = 500;
const FIELDS = {
  endpoint: 'http://127.0.0.1:9/never-called',
  payload: { hello: 'world' },
  cron_definition: '0 0 29 2 *',
};

export const name = 'api';
export const title = 'API create, list, get';

/** Creation beside a bare route with the same INSERT, in turns; then reads, one after the other, among many schedules. */
export async function run({ postgres, scale, rounds, progress }) {
  const figures = await withService(postgres, {}, async ({ database, service }) => {
    const create = await compareCreation({
      database,
      service,
      rounds,
      progress,
      count: scaled(FULL_CREATIONS, scale, 500),
    });
    const count = scaled(FULL_SCHEDULES, scale, 1_000);
    progress(`seeding ${count} schedules`);
    const { scheduleId } = await seedSchedules(database, service, count, FIELDS);
    await database.query('VACUUM ANALYZE schedules');
    await postgres.checkpoint();
    progress('reading');
    const reads = scaled(FULL_READS, scale, 100);
    const list = summary(await timed(reads, () => service.get('/api/v1/schedule/?limit=100')));
    const get = summary(await timed(reads, () => service.get(`/api/v1/schedule/${scheduleId}/`)));
    return { create, count, list, get };
  });
  return resultOf(figures);
}

async function compareCreation({ database, service, rounds, progress, count }) {
  const { id } = await service.create(FIELDS);
  const child = startScript('bench/programs/bare-route.mjs', [database.url, id]);
  const bareUrl = `http://127.0.0.1:${await firstLine(child)}/`;
  const agent = new Agent({ connections: CREATIONS_IN_FLIGHT });
  const sides = { service: () => service.create(FIELDS), bare: () => postBare(bareUrl, agent) };
  const rates = { service: [], bare: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const [side, create] of Object.entries(sides)) {
      const rate = await rateOf(count, create);
      // The first round warms both up.
      if (round > 0) rates[side].push(rate);
      progress(`create, ${side}: ${rate.toFixed(0)}/s`);
    }
  }
  await agent.close();
  await end(child);
  return { count, service: median(rates.service), bare: median(rates.bare), rates };
}

async function postBare(url, dispatcher) {
  const headers = { 'content-type': 'application/json' };
  const { statusCode, body } = await request(url, {
    dispatcher,
    method: 'POST',
    headers,
    body: JSON.stringify(FIELDS),
  });
  JSON.parse(await body.text());
  if (statusCode !== 201) throw new Error(`the bare route answered ${statusCode}`);
}

async function rateOf(count, create) {
  const start = performance.now();
  await inFlight(count, CREATIONS_IN_FLIGHT, create);
  return count / ((performance.now() - start) / 1000);
}

function resultOf(figures) {
  const { create, list, get, count } = figures;
  const times = ({ p50, p99, max }) => `p50 ${compact(p50)} ms, p99 ${compact(p99)} ms, at most ${compact(max)} ms`;
  return {
    figures,
    goals: [
      atLeast('of a bare route, create', create.service / create.bare, 0.5, ''),
      below(`p99 of a list of 100 from ${compact(count)}`, list.p99, 50, ' ms'),
    ],
    rows: [
      ['list of 100', times(list)],
      ['get', times(get)],
    ],
    chart: {
      unit: '/s',
      bars: [
        { label: 'bare route, create', value: create.bare },
        { label: 'this service, create', value: create.service, isOurs: true },
      ],
    },
  };
}
