// What a given number of deliveries a day needs: replicas, PostgreSQL, WAL, disk, connections, cells. Prints Markdown.
//   node bench/capacity.mjs --from bench/results/<run>.json [--deliveries-per-day 1e9] [...]
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { compact } from './numbers.mjs';

const DAY_SECONDS = 86_400;
const TICK_PAYLOAD_BYTES = 17;
const SINK_RESPONSE_BYTES = 2;
const TB = 1e12;
const MB = 1e6;

/** Each input: its default, what it means, and where the default comes from. Measured ones come from --from. */
const INPUTS = {
  'deliveries-per-day': [1e9, 'deliveries a day', 'the question'],
  'peak-factor': [3, 'peak over average', 'assumed: crontabs favour round hours'],
  'attempts-per-delivery': [1.05, 'attempts a delivery', 'assumed: one in twenty is tried again'],
  'payload-bytes': [500, 'bytes of a payload', 'assumed'],
  'response-bytes': [100, 'bytes of a response that are kept', 'assumed; 1,024 at most'],
  'endpoint-ms': [100, 'ms that an endpoint takes', 'assumed'],
  'retention-days': [30, 'days of history', 'default of HISTORY_RETENTION_DAYS'],
  utilisation: [0.6, 'of a core that is planned with', 'assumed: room for a lost replica, vacuum and backups'],
  window: [256, 'POSTs in flight a replica', 'default of DELIVERY_CONCURRENCY'],
  'cell-cores': [32, 'cores of one PostgreSQL', 'assumed: a large machine as clouds rent them'],
  'cell-wal-mb': [150, 'MB of WAL a second one PostgreSQL may write', 'assumed: archiving and standbys must keep up'],
  'per-replica-core': [
    null,
    'attempts/s a core of the service',
    'herd: deliveries over processor seconds of the service',
  ],
  'per-postgres-core': [
    null,
    'attempts/s a core of PostgreSQL',
    'herd: deliveries over processor seconds of PostgreSQL',
  ],
  'wal-bytes': [null, 'bytes of WAL a delivery', 'herd'],
  'attempt-bytes': [null, 'bytes on disk an attempt, with indexes', 'herd'],
  'queue-bytes': [null, 'bytes on disk a waiting delivery', 'herd: the table at its highest'],
};

const inputs = readInputs();
const pools = poolSizes();
print(inputs, compute(inputs, pools));

function readInputs() {
  const options = Object.fromEntries(Object.keys(INPUTS).map((name) => [name, { type: 'string' }]));
  const { values } = parseArgs({ options: { ...options, from: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help) {
    console.log('node bench/capacity.mjs --from bench/results/<run>.json, or figures of your own:');
    for (const [name, [value, meaning]] of Object.entries(INPUTS)) {
      console.log(`  --${name.padEnd(22)} ${meaning}${value === null ? '' : ` (${value})`}`);
    }
    process.exit(0);
  }
  const measured = values.from ? measuredIn(values.from) : {};
  const chosen = {};
  for (const [name, [value]] of Object.entries(INPUTS)) {
    chosen[name] = values[name] === undefined ? (measured[name] ?? value) : Number(values[name]);
    if (!(chosen[name] > 0)) {
      console.error(
        `--${name} must be a number above 0${value === null ? ', or --from a result of npm run bench' : ''}`,
      );
      process.exit(2);
    }
  }
  return chosen;
}

/** Processor seconds are those of the process itself, so they hold whatever else ran on the machine. */
function measuredIn(file) {
  const { scenarios } = JSON.parse(readFileSync(file, 'utf8'));
  const herd = scenarios.find(({ name }) => name === 'herd');
  const service = herd?.figures.contenders?.findLast(({ isService }) => isService);
  if (!service) throw new Error(`${file} has no figures of the scenario herd`);
  const { count } = herd.figures;
  return {
    'per-replica-core': count / service.cpuSeconds.contender,
    'per-postgres-core': count / service.cpuSeconds.postgres,
    'wal-bytes': service.walBytesPerDelivery,
    'attempt-bytes': service.ledgerBytesPerAttempt,
    'queue-bytes': service.queueBytesPerDelivery,
  };
}

/** Connections that one replica opens, as its code has them. */
function poolSizes() {
  const poolIn = (file) => {
    const code = readFileSync(new URL(`../src/${file}`, import.meta.url), 'utf8');
    const size = Number(/POOL_SIZE = (\d+)/.exec(code)?.[1]);
    if (!size) throw new Error(`${file} does not tell its POOL_SIZE any more`);
    return size;
  };
  return { typeorm: poolIn('database/data-source-options.ts'), pgBoss: poolIn('queue/job-queue.ts'), listen: 1 };
}

function compute(given, { typeorm, pgBoss, listen }) {
  const average = given['deliveries-per-day'] / DAY_SECONDS;
  const peak = average * given['peak-factor'];
  const attempts = peak * given['attempts-per-delivery'];
  const inFlight = attempts * (given['endpoint-ms'] / 1000);
  const byProcessor = attempts / (given['per-replica-core'] * given.utilisation);
  const byWindow = inFlight / given.window;
  const postgresCores = attempts / (given['per-postgres-core'] * given.utilisation);
  // A tick counts its run in the schedule's row, whose new version goes to the WAL with its payload.
  const walBytes = given['wal-bytes'] + given['payload-bytes'] - TICK_PAYLOAD_BYTES + given['response-bytes'];
  const walPerSecond = peak * walBytes;
  const attemptBytes = given['attempt-bytes'] + given['response-bytes'] - SINK_RESPONSE_BYTES;
  const attemptsPerDay = given['deliveries-per-day'] * given['attempts-per-delivery'];
  const cells = Math.ceil(Math.max(postgresCores / given['cell-cores'], walPerSecond / (given['cell-wal-mb'] * MB)));
  const replicasPerCell = Math.ceil(Math.max(byProcessor, byWindow) / cells);
  return {
    average,
    peak,
    attempts,
    inFlight,
    byProcessor,
    byWindow,
    replicasPerCell,
    replicas: replicasPerCell * cells,
    postgresCores,
    walPerSecond,
    walPerDay: given['deliveries-per-day'] * walBytes,
    ledgerPerDay: attemptsPerDay * attemptBytes,
    ledger: attemptsPerDay * attemptBytes * given['retention-days'],
    // An hour in which no endpoint answers.
    queueOfAnHour: average * 3_600 * given['queue-bytes'],
    payloadPerSecond: attempts * given['payload-bytes'],
    connectionsPerReplica: typeorm + pgBoss + listen,
    connectionsPerCell: replicasPerCell * (typeorm + pgBoss + listen),
    pools: `${typeorm} TypeORM, ${pgBoss} pg-boss, ${listen} LISTEN`,
    cells,
  };
}

function print(given, need) {
  const { cells } = need;
  table(
    ['assumption', 'value', 'from'],
    Object.entries(INPUTS).map(([name, [, meaning, source]]) => [meaning, compact(given[name]), source]),
  );
  table(
    ['needed', 'in all', cells === 1 ? 'in the one cell' : `in each of ${cells} cells`],
    [
      ['deliveries/s, average', need.average, need.average / cells],
      ['deliveries/s, peak', need.peak, need.peak / cells],
      ['attempts/s, peak', need.attempts, need.attempts / cells],
      ['POSTs in flight, peak', need.inFlight, need.inFlight / cells],
      ['replicas by processor', need.byProcessor, need.byProcessor / cells],
      ['replicas by window', need.byWindow, need.byWindow / cells],
      ['**replicas, of one core each**', need.replicas, need.replicasPerCell],
      ['**PostgreSQL cores**', need.postgresCores, need.postgresCores / cells],
      ['WAL, MB/s at the peak', need.walPerSecond / MB, need.walPerSecond / MB / cells],
      ['WAL, TB a day', need.walPerDay / TB, need.walPerDay / TB / cells],
      ['history, TB a day', need.ledgerPerDay / TB, need.ledgerPerDay / TB / cells],
      [`**history, TB of ${given['retention-days']} days**`, need.ledger / TB, need.ledger / TB / cells],
      ['queue after an hour without an endpoint, GB', need.queueOfAnHour / 1e9, need.queueOfAnHour / 1e9 / cells],
      ['payloads, MB/s out at the peak', need.payloadPerSecond / MB, need.payloadPerSecond / MB / cells],
      [`connections (a replica: ${need.pools})`, need.connectionsPerCell * cells, need.connectionsPerCell],
    ].map(([name, all, each]) => [name, compact(all), compact(each)]),
  );
}

function table(head, rows) {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  console.log([line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n'), '\n');
}
