import { type Call, Callers, isError } from '../library/callers.js';
import { atMost, exactly, experiment, type Figure, noted } from '../library/experiment.js';
import type { Lab } from '../library/lab.js';
import { freePorts, Nginx } from '../library/nginx.js';
import type { Watched } from '../library/oracle.js';
import type { Replica } from '../library/replica.js';
import { duplicatesAtMost, nothingLost } from '../library/verdicts.js';

// As docs/operations.md has it, shorter: nginx is told beforehand, so the delay is for what it has just passed on.
const SHUTDOWN_DELAY_S = 2;
const REPLICAS = 3;
const CALLERS = 4;

interface Site {
  lab: Lab;
  nginx: Nginx;
  ports: number[];
  replicas: Replica[];
}

export default experiment({
  number: 20,
  title: 'three replicas behind nginx: rolled twice, then one is killed',
  full: { schedules: 300, runs: 120, rolls: 2 },

  async run(lab, { schedules, runs, rolls }) {
    if (!Nginx.isInstalled) return [noted('not run', 'nginx is not installed: apt-get install nginx')];
    const ports = await freePorts(REPLICAS);
    await using nginx = await Nginx.start(lab.folder, ports);
    const site: Site = { lab, nginx, ports, replicas: await Promise.all(ports.map((port) => starts(lab, port))) };
    const due = await dueSchedules(lab, schedules, runs);
    const callers = new Callers(nginx.url, CALLERS);

    const seconds: number[] = [];
    for (let roll = 0; roll < rolls; roll++) for (const i of ports.keys()) seconds.push(await rolled(site, i));
    const ofRolls = [...callers.calls];
    const killedAt = Date.now();
    const inFlight = await killed(site);
    await lab.until('callers go on after the kill', () => callers.calls.length > ofRolls.length + 1_000);
    await callers.stop();

    const account = await lab.settled(due, 240_000);
    const early = account.duplicates.filter(({ again }) => again.at < killedAt);
    return [
      ...nothingLost(lab, account),
      exactly('duplicates of the rolls', early.length, 0),
      duplicatesAtMost(lab, account, inFlight),
      noted('seconds a replica', `${Math.min(...seconds).toFixed(1)} to ${Math.max(...seconds).toFixed(1)}`),
      callFigure('failed calls of the rolls', ofRolls, 0),
      ...killFigures(callers, killedAt),
      ...(await creationFigures(lab, callers)),
    ];
  },
});

function starts(lab: Lab, port: number): Promise<Replica> {
  const environment = { PORT: String(port), SHUTDOWN_DELAY: String(SHUTDOWN_DELAY_S), TRUST_PROXY: '127.0.0.1' };
  return lab.replica({ environment });
}

/** Half of them each second, half every other one, about as long. */
async function dueSchedules(lab: Lab, count: number, runs: number): Promise<Watched[]> {
  const endpoint = await lab.sink.at('/hook', { delayMs: 100 });
  const often = await lab.createsMany(count / 2, { endpoint, frequency: runs });
  const fields = { interval_definition: '2 seconds', endpoint, frequency: runs / 2 };
  return [...often, ...(await lab.createsMany(count / 2, fields))];
}

/** What `deploy/roll.sh` does with one replica. @returns how long it took, seconds */
async function rolled({ lab, nginx, ports, replicas }: Site, i: number): Promise<number> {
  const start = Date.now();
  nginx.drain(ports[i]);
  await replicas[i].stop();
  replicas[i] = await starts(lab, ports[i]);
  const { call } = replicas[i];
  await lab.until('the new process is ready', async () => (await call('GET', '/health/ready')).status === 200);
  nginx.undrain(ports[i]);
  return (Date.now() - start) / 1000;
}

/** kill -9, with nothing said to nginx. @returns how many POSTs had no answer then */
async function killed({ lab, replicas }: Site): Promise<number> {
  const seen = lab.sink.seen().length;
  await lab.until('deliveries are in flight', () => lab.sink.seen().length > seen);
  await replicas[0].kill();
  return lab.sink.seen().filter(({ answered }) => answered === undefined).length;
}

function killFigures({ calls, count }: Callers, since: number): Figure[] {
  const after = calls.filter(({ at }) => at >= since - 1_000);
  const reads = after.filter(({ method }) => method === 'GET');
  const writes = after.filter(({ method }) => method !== 'GET');
  return [callFigure('failed reads at the kill', reads, 0), callFigure('failed writes at the kill', writes, count)];
}

function callFigure(what: string, calls: Call[], limit: number): Figure {
  const failed = calls.filter(isError);
  const told = failed.map(({ at, method, result }) => `  ${new Date(at).toISOString()} ${method} ${result}`).join('\n');
  return atMost(`${what}, of ${calls.length}`, failed.length, limit, '', told);
}

async function creationFigures(lab: Lab, { kept, removed }: Callers): Promise<Figure[]> {
  const rows = await lab.postgres.query<{ endpoint: string; count: number }>(
    `SELECT endpoint, count(*)::int FROM schedules WHERE endpoint LIKE '%/callers/%' GROUP BY 1`,
  );
  const counts = new Map(rows.map(({ endpoint, count }) => [endpoint, count]));
  const lost = kept.filter((endpoint) => !counts.has(endpoint));
  const doubled = [...rows.filter(({ count }) => count > 1), ...removed.filter((endpoint) => counts.has(endpoint))];
  return [
    exactly(`acknowledged creations lost, of ${kept.length}`, lost.length, 0),
    exactly('creations made twice', doubled.length, 0),
  ];
}
