// Measures the built service, beside what a user would pick instead, on this machine.
import { cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { endAll, removeTempDirs } from './processes.mjs';
import { startPostgres } from './postgres.mjs';
import { report } from './report.mjs';
import * as api from './scenarios/api.mjs';
import * as backoff from './scenarios/backoff.mjs';
import * as decay from './scenarios/decay.mjs';
import * as herd from './scenarios/herd.mjs';
import * as history from './scenarios/history.mjs';
import * as million from './scenarios/million.mjs';
import * as replicas from './scenarios/replicas.mjs';
import * as steady from './scenarios/steady.mjs';
import * as triggers from './scenarios/triggers.mjs';

const SCENARIOS = [herd, decay, million, steady, triggers, backoff, replicas, api, history];

const USAGE = `npm run bench -- [--only herd,steady] [--scale 1] [--rounds 3] [--cpu-prof]
  --only     names of scenarios, between commas; all of them otherwise
  --scale    shrinks every size and duration, from 0.001 to 1; goals are for 1
  --rounds   rounds of which the median counts, where contenders take turns
  --cpu-prof one more round of the service in herd, drawn as a flame graph

${SCENARIOS.map(({ name, title }) => `  ${name.padEnd(9)}  ${title}`).join('\n')}

A goal that is missed is told, with its distance, and is no failure of the benchmark. Linux only: memory and processor
time come from /proc.`;

const options = readOptions();
let postgres = null;
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
  postgres = await startPostgres();
  const results = await measure();
  if (!isStopping) process.exitCode = report(results);
} catch (error) {
  if (!isStopping) {
    console.error(error);
    process.exitCode = 1;
  }
} finally {
  if (!isStopping) await cleanUp();
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      scale: { type: 'string', default: '1' },
      rounds: { type: 'string', default: '3' },
      'cpu-prof': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const names = values.only?.split(',').map((name) => name.trim());
  const unknown = names?.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name)) ?? [];
  const [scale, rounds] = [Number(values.scale), Number(values.rounds)];
  const faults = [
    ...unknown.map((name) => `there is no scenario ${name}`),
    ...(scale >= 0.001 && scale <= 1 ? [] : ['--scale must be a number from 0.001 to 1']),
    ...(Number.isInteger(rounds) && rounds >= 1 ? [] : ['--rounds must be a whole number from 1']),
  ];
  if (faults.length > 0) {
    console.error(`${faults.join('\n')}\n\n${USAGE}`);
    process.exit(2);
  }
  return {
    scenarios: SCENARIOS.filter(({ name }) => names?.includes(name) ?? true),
    scale,
    rounds,
    cpuProf: values['cpu-prof'],
  };
}

async function measure() {
  const results = {
    at: new Date().toISOString(),
    scale: options.scale,
    rounds: options.rounds,
    machine: { cpus: cpus().length, model: cpus()[0]?.model, memoryMiB: totalmem() / 2 ** 20, node: process.version },
    postgres: await postgres.settings(),
    scenarios: [],
  };
  for (const scenario of options.scenarios) {
    if (isStopping) break;
    progress(scenario.title);
    results.scenarios.push(await measureOne(scenario));
  }
  return results;
}

/** One scenario that breaks down does not take the others with it. */
async function measureOne({ name, title, run }) {
  const start = Date.now();
  const { scale, rounds, cpuProf } = options;
  const context = { postgres, scale, rounds, cpuProf, progress };
  const told = { name, title, load: loadavg()[0] };
  try {
    return { ...told, ...(await run(context)), seconds: (Date.now() - start) / 1000 };
  } catch (error) {
    if (!isStopping) console.error(error);
    await endAll();
    return { ...told, goals: [], figures: {}, error: error.message, seconds: (Date.now() - start) / 1000 };
  }
}

async function cleanUp() {
  await endAll();
  await postgres?.stop();
  removeTempDirs();
}

function progress(line) {
  console.error(`${new Date().toISOString().slice(11, 19)} ${line}`);
}
