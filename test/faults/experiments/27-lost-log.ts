import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ADMIN_TOKEN, caller } from '../../support/api.js';
import { atMost, exactly, experiment, type Figure, noted } from '../library/experiment.js';
import type { Lab } from '../library/lab.js';
import { descendantsOf, processorSeconds } from '../library/processor-time.js';
import type { Replica } from '../library/replica.js';
import { duplicatesAtMost, noneEnded, nothingLost } from '../library/verdicts.js';

const START = fileURLToPath(new URL('../../../scripts/start.mjs', import.meta.url));
/** A process that spins uses all of a processor. */
const SPINNING_SHARE = 0.6;
const MORE_MEMORY_MIB = 80;
const CALLS_AT_ONCE = 50;

export default experiment({
  number: 27,
  title: 'the log cannot be written: its reader is gone or stalls, its disk is full, its terminal is closed',
  full: { schedules: 100, runs: 40, watchedMs: 30_000, requests: 6_000 },
  short: { schedules: 10, runs: 5, watchedMs: 4_000, requests: 600 },

  async run(lab, { schedules, runs, watchedMs, requests }) {
    // A line for each attempt, and for each request.
    const environment = { LOG_LEVEL: 'debug' };
    const disk = openSync('/dev/full', 'w');
    const full = await lab.replica({ environment, stdout: { fd: disk, port: await freePort() } });
    closeSync(disk);
    const [gone, stalled, hungUp] = await lab.replicas(3, { environment });
    const all = [full, gone, stalled, hungUp];
    gone.closeOutput();
    hungUp.closeOutput();
    stalled.stallOutput();
    await call(stalled, requests);
    const due = await lab.createsMany(schedules, { endpoint: await lab.sink.at('/hook'), frequency: runs });

    const before = all.map((replica) => ({ seconds: processorSeconds(replica.pid), mib: replica.memoryMib }));
    const start = Date.now();
    await delay(watchedMs);
    const elapsed = (Date.now() - start) / 1000;
    const shares = all.map((replica, i) => (processorSeconds(replica.pid) - before[i].seconds) / elapsed);
    const growth = all.map((replica, i) => replica.memoryMib - before[i].mib);
    const account = await lab.settled(due, 60_000);
    const running = noneEnded(all);
    const codes = [await full.stop(), await gone.stop(), await stalled.stop(), await hungUp.stop('SIGHUP')];

    return [
      ...nothingLost(lab, account),
      duplicatesAtMost(lab, account, 0),
      running,
      atMost('processor, the busiest of them', Math.max(...shares), SPINNING_SHARE),
      atMost('memory more than before', Math.max(...growth), MORE_MEMORY_MIB, 'MiB'),
      exactly('exit codes after SIGTERM, and SIGHUP for the last', codes.join(), '0,0,0,0'),
      ...(await closedTerminal(lab)),
    ];
  },
});

/** Calls the API, which logs a line of some 300 bytes each time: a pipe holds 64 KiB, the service another MiB. */
async function call(replica: Replica, requests: number): Promise<void> {
  for (let sent = 0; sent < requests; sent += CALLS_AT_ONCE) {
    await Promise.all(Array.from({ length: CALLS_AT_ONCE }, () => replica.call('GET', '/api/v1/user/')));
  }
}

/** `npm start` in a terminal that is closed: the end that every process of it has to see by itself. */
async function closedTerminal(lab: Lab): Promise<Figure[]> {
  if (spawnSync('script', ['--version']).status !== 0) return [noted('closed terminal', 'skipped: no script(1) here')];
  const port = await freePort();
  const terminal = spawn(
    'script',
    ['--quiet', '--return', '--command', `exec ${process.execPath} ${START}`, '/dev/null'],
    {
      env: {
        PATH: process.env.PATH,
        PORT: String(port),
        HOST: '127.0.0.1',
        DATABASE_URL: lab.databaseUrl,
        SCHEDULER_ADMIN_TOKEN: ADMIN_TOKEN,
        SECRET_KEY: 'a key for fault tests only, of some length',
        EGRESS_ALLOW: 'loopback',
      },
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  );
  const api = caller(`http://127.0.0.1:${port}`);
  let pids: number[] = [];
  try {
    await lab.until('the service in the terminal is ready', async () => {
      return (await api('GET', '/health/ready').catch(() => ({ status: 0 }))).status === 200;
    });
    pids = descendantsOf(terminal.pid!);
    await close(terminal);
    lab.timeline.note('the terminal is closed');
    const isGone = () => pids.every((pid) => !existsSync(`/proc/${pid}`));
    const ended = await lab.until('every process of the terminal has ended', isGone, 30_000).then(
      () => true,
      () => false,
    );
    return [
      exactly('processes of a closed terminal end', ended, true),
      exactly('its port is free', await isFree(port), true),
    ];
  } finally {
    for (const pid of pids) if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
    if (terminal.exitCode === null && terminal.signalCode === null) await close(terminal);
  }
}

/** The end of the program that holds a terminal is the end of the terminal. */
async function close(terminal: ChildProcess): Promise<void> {
  const ended = once(terminal, 'exit');
  terminal.kill('SIGKILL');
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
