// Measures the built service on this machine: how fast it starts, takes schedules and delivers, and its memory.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { request } from 'undici';
import { inFlight } from './in-flight.mjs';
import { median } from './numbers.mjs';
import { cpuOf, cpuOfMachine, cpuOfPostgres, endAll, firstLine, memoryOf, startScript } from './processes.mjs';
import { startService } from './service.mjs';

const USAGE = `npm run bench -- [--schedules 20000] [--triggers 10000] [--bare-rounds 3] [--cpu-prof <folder>]
  --schedules    schedules that are due at one instant; 0 leaves this part out
  --triggers     schedules with a trigger of their own; 0 leaves this part out
  --bare-rounds  rounds of the bare loop, of which the median counts
  --cpu-prof     writes a CPU profile of the delivery run there; the figures are lower then`;

const CREATIONS_IN_FLIGHT = 64;
const POSTS_IN_FLIGHT = 256;
const PROBES = 500;
const MARGIN_MS = 5_000;
const ARRIVAL_PATIENCE_MS = 300_000;
const SETTLE_MS = 10_000;
const FAR_AWAY = '0 0 29 2 *';

const options = readOptions();
const dataDirs = [];
let isStopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, async () => {
    if (isStopping) return;
    isStopping = true;
    await cleanUp();
    process.exit(130);
  });
}

try {
  const results = await measure();
  if (!isStopping) report(results);
} catch (error) {
  if (!isStopping) {
    console.error(error);
    process.exitCode = 1;
  }
} finally {
  if (!isStopping) await cleanUp();
}

function readOptions() {
  const text = (value) => ({ type: 'string', default: value });
  const { values } = parseArgs({
    options: {
      schedules: text('20000'),
      triggers: text('10000'),
      'bare-rounds': text('3'),
      'cpu-prof': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const [schedules, triggers, bareRounds] = ['schedules', 'triggers', 'bare-rounds'].map((name) => {
    if (!/^\d+$/.test(values[name])) {
      console.error(`--${name} must be a whole number\n${USAGE}`);
      process.exit(2);
    }
    return Number(values[name]);
  });
  return { schedules, triggers, bareRounds, cpuProf: values['cpu-prof'] };
}

async function measure() {
  const sink = await startSink();
  const results = { at: new Date().toISOString(), machine: machine(), options };
  if (options.schedules > 0) {
    results.bareLoop = await measureBareLoop(sink);
    for (let lead = 1.2; !results.delivery; lead *= 2) Object.assign(results, await measureDelivery(sink, lead));
    results.ratio = results.delivery.perSecond / results.bareLoop.perSecond;
  }
  if (options.triggers > 0) results.triggers = await measureTriggers(sink);
  return results;
}

function machine() {
  return { cpus: cpus().length, model: cpus()[0]?.model, node: process.version, load: loadavg()[0] };
}

async function measureBareLoop(sink) {
  const count = options.schedules;
  const rounds = [];
  for (let round = 1; round <= options.bareRounds; round++) {
    progress(`bare loop, round ${round}`);
    const loop = startScript('bench/bare-loop.mjs', [sink.url, String(count), String(POSTS_IN_FLIGHT)]);
    rounds.push(Number(await firstLine(loop)));
    const { count: received } = await sink.stats();
    if (received < count) throw new Error(`the bare loop made ${received} of ${count} POSTs`);
    await sink.reset();
  }
  return { perSecond: median(rounds), rounds };
}

/** @returns nothing of the delivery when creation took too long for the instant that was chosen */
async function measureDelivery(sink, lead) {
  const dataDir = makeDataDir();
  progress('first start');
  let service = await startService(dataDir);
  const firstSeconds = service.startSeconds;
  await service.stop();
  progress('later start');
  service = await startService(dataDir, options.cpuProf ? ['--cpu-prof', `--cpu-prof-dir=${options.cpuProf}`] : []);
  const start = { firstSeconds, laterSeconds: service.startSeconds };
  await delay(SETTLE_MS);
  const idle = memoryOf(service.child);

  const count = options.schedules;
  const probe = () => createAll(service, PROBES, () => schedule(sink, FAR_AWAY, { enabled: false }));
  await probe();
  const probing = await probe();
  const due = nextMinute(Date.now() + (count / probing.perSecond) * 1000 * lead + MARGIN_MS);
  progress(`creating ${count} schedules that are due at ${due.toISOString()}`);
  const creation = await createAll(service, count, () => schedule(sink, cronAt(due)));
  if (Date.now() > due.getTime() - MARGIN_MS) {
    progress('creation took too long: once more, with more time');
    await service.stop();
    await sink.reset();
    return {};
  }

  const afterCreation = memoryOf(service.child);
  await delay(due.getTime() - Date.now() - 1_000);
  progress('waiting for the deliveries');
  const cpuBefore = cpuNow(service, sink, dataDir);
  await sink.received(count);
  const cpuAfter = cpuNow(service, sink, dataDir);
  const stats = await sink.stats();
  const delivery = {
    perSecond: (stats.count - 1) / ((stats.last - stats.first) / 1000),
    firstMs: stats.first - due.getTime(),
    latenessP50Ms: stats.p50,
    latenessP99Ms: stats.p99,
    lastMs: stats.last - due.getTime(),
    count: stats.count,
    duplicates: stats.duplicates,
    cpuSeconds: Object.fromEntries(Object.keys(cpuAfter).map((key) => [key, cpuAfter[key] - cpuBefore[key]])),
  };
  await delay(2_000);
  const memory = { idle, afterCreation, afterDelivery: memoryOf(service.child) };
  await service.stop();
  await sink.reset();
  return { start, creation, delivery, memory };
}

function cpuNow(service, sink, dataDir) {
  const { used, had } = cpuOfMachine();
  const [ofService, ofSink] = [cpuOf(service.child), cpuOf(sink.child)];
  return { service: ofService, postgres: cpuOfPostgres(dataDir), sink: ofSink, machineUsed: used, machineHad: had };
}

async function measureTriggers(sink) {
  const dataDir = makeDataDir();
  let service = await startService(dataDir);
  const count = options.triggers;
  const near = Math.floor(count / 10);
  progress(`creating ${count} schedules of ${count} triggers`);
  const from = Date.now() + 2 * 86_400_000;
  const creation = await createAll(service, count, (index) =>
    index < near
      ? schedule(sink, null, { interval_definition: '2 minutes' })
      : schedule(sink, cronAt(new Date(from + index * 60_000))),
  );
  await delay(SETTLE_MS);
  const afterCreation = memoryOf(service.child);
  await service.stop();
  progress('start with them');
  service = await startService(dataDir);
  const { startSeconds } = service;
  await delay(SETTLE_MS);
  const afterStart = memoryOf(service.child);
  await service.stop();
  return { count, dueWithinTwoMinutes: near, creation, startSeconds, memory: { afterCreation, afterStart } };
}

function schedule(sink, cron, fields = {}) {
  const definition = cron === null ? {} : { cron_definition: cron };
  return { endpoint: sink.url, payload: { hello: 'world' }, ...definition, ...fields };
}

async function createAll(service, count, scheduleOf) {
  const start = performance.now();
  await inFlight(count, CREATIONS_IN_FLIGHT, (index) => service.create(scheduleOf(index)));
  const seconds = (performance.now() - start) / 1000;
  return { count, seconds, perSecond: count / seconds };
}

function nextMinute(time) {
  return new Date(Math.ceil(time / 60_000) * 60_000);
}

/** A crontab for one minute of the year. */
function cronAt(instant) {
  const [month, day] = [instant.getUTCMonth() + 1, instant.getUTCDate()];
  return `${instant.getUTCMinutes()} ${instant.getUTCHours()} ${day} ${month} *`;
}

async function startSink() {
  const child = startScript('bench/sink.mjs');
  const origin = `http://127.0.0.1:${await firstLine(child)}`;
  const get = async (path) => (await request(origin + path)).body.json();
  return {
    child,
    url: `${origin}/hook`,
    stats: () => get('/stats'),
    async reset() {
      await (await request(origin, { method: 'DELETE' })).body.dump();
    },
    async received(count) {
      const deadline = Date.now() + ARRIVAL_PATIENCE_MS;
      for (;;) {
        const { count: received } = await get('/count');
        if (received >= count) return;
        if (Date.now() > deadline) throw new Error(`${received} of ${count} deliveries arrived`);
        await delay(250);
      }
    },
  };
}

function makeDataDir() {
  const dataDir = mkdtempSync(join(tmpdir(), 'seed-bench-'));
  chmodSync(dataDir, 0o755);
  dataDirs.push(dataDir);
  return dataDir;
}

async function cleanUp() {
  await endAll();
  for (const dataDir of dataDirs) rmSync(dataDir, { recursive: true, force: true });
}

function progress(line) {
  console.error(`${new Date().toISOString().slice(11, 19)} ${line}`);
}

function report(results) {
  const folder = fileURLToPath(new URL('results/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${results.at.replaceAll(':', '-')}.json`);
  writeFileSync(file, `${JSON.stringify({ ...results, commit: commit() }, null, 2)}\n`);
  const rows = rowsOf(results);
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) console.log(`${name.padEnd(width)}  ${value}`);
  console.log(`\n${file}`);
}

function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return null;
  }
}

function rowsOf({ bareLoop, delivery, start, creation, memory, ratio, triggers }) {
  const mib = ({ rss, peak }) => `${rss.toFixed(0)} MiB, peak ${peak.toFixed(0)} MiB`;
  const seconds = (value) => `${value.toFixed(2)} s`;
  const rows = [];
  if (delivery) {
    const { cpuSeconds: cpu } = delivery;
    const other = cpu.machineUsed - cpu.service - cpu.postgres - cpu.sink;
    rows.push(
      [
        'bare loop',
        `${bareLoop.perSecond.toFixed(0)} POSTs/s (${bareLoop.rounds.map((r) => r.toFixed(0)).join(', ')})`,
      ],
      ['start, empty data folder', seconds(start.firstSeconds)],
      ['start, later', seconds(start.laterSeconds)],
      ['creation', `${creation.perSecond.toFixed(0)} schedules/s (${creation.count} in ${seconds(creation.seconds)})`],
      ['delivery', `${delivery.perSecond.toFixed(0)} POSTs/s (${delivery.count}, ${delivery.duplicates} duplicates)`],
      ['delivery / bare loop', ratio.toFixed(3)],
      ['lateness, first', `${delivery.firstMs.toFixed(0)} ms`],
      ['lateness, p50', `${delivery.latenessP50Ms.toFixed(0)} ms`],
      ['lateness, p99', `${delivery.latenessP99Ms.toFixed(0)} ms`],
      ['lateness, last', `${delivery.lastMs.toFixed(0)} ms`],
      ['processor, service', seconds(cpu.service)],
      ['processor, sink', seconds(cpu.sink)],
      ['processor, PostgreSQL', seconds(cpu.postgres)],
      ['processor, others', seconds(other)],
      ['processor, used of all there was', `${((100 * cpu.machineUsed) / cpu.machineHad).toFixed(0)} %`],
      ['memory, idle', mib(memory.idle)],
      ['memory, after creation', mib(memory.afterCreation)],
      ['memory, after delivery', mib(memory.afterDelivery)],
    );
  }
  if (triggers) {
    rows.push(
      ['triggers', `${triggers.count}, of which ${triggers.dueWithinTwoMinutes} are due within two minutes`],
      ['creation with new triggers', `${triggers.creation.perSecond.toFixed(0)} schedules/s`],
      ['start with triggers', seconds(triggers.startSeconds)],
      ['memory with triggers, as created', mib(triggers.memory.afterCreation)],
      ['memory with triggers, as started', mib(triggers.memory.afterStart)],
    );
  }
  return rows;
}
