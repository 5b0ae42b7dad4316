import { exactly, experiment, type Figure, noted } from '../library/experiment.js';
import type { Lab } from '../library/lab.js';
import type { Replica } from '../library/replica.js';
import { duplicatesAtMost, noneEnded, nothingLost } from '../library/verdicts.js';

const [OLD, NEW, WRONG] = ['old', 'new', 'wrong'].map((name) => `the ${name} key of this experiment and long enough`);
const BOTH = { environment: { SECRET_KEY: NEW, SECRET_KEY_FALLBACKS: OLD } };
const FAILED = `SELECT FROM failed_tasks`;

export default experiment({
  number: 24,
  title: 'a replica with another SECRET_KEY, and a rotation in the wrong order',
  full: { schedules: 100, runs: 30, starts: 5 },
  short: { schedules: 15, runs: 8, starts: 1 },

  async run(lab, { schedules, runs, starts }) {
    const healthy = await lab.replicas(2, { environment: { SECRET_KEY: OLD } });
    const signed = await lab.api('POST', '/api/v1/user/1/signing-secret/', {});
    const fields = { endpoint: await lab.sink.at('/hook'), auth_token: 'a-token', frequency: runs };
    const before = await lab.createsMany(schedules, fields);
    const refused: WrongStart[] = [];
    while (refused.length < starts) refused.push(await wrongStart(lab));
    const unharmed = await lab.settled(before, 120_000);

    // The new key comes to one replica that seals with it, before the others know it.
    const ahead = await lab.replica(BOTH);
    const made = await Promise.all(before.map(() => lab.creates(fields, ahead.call)));
    await lab.until('an old replica has met the new key', async () => (await returnedBy(healthy)) > 0);
    const met = await returnedBy(healthy);
    const ended = noneEnded([...healthy, ahead]);
    // Then the others follow, one by one.
    for (const replica of healthy) {
      await lab.replica(BOTH);
      await replica.stop();
    }
    const rotated = await lab.settled(made, 120_000);
    const failed = await lab.postgres.query(FAILED);
    return [
      exactly('deliveries are signed as well', signed.status, 201),
      ...startFigures(refused),
      ...nothingLost(lab, unharmed),
      duplicatesAtMost(lab, unharmed, 0),
      noted('deliveries that old replicas left to the new one, when they were looked at', String(met)),
      ...nothingLost(lab, rotated),
      duplicatesAtMost(lab, rotated, 0),
      exactly('failed deliveries', failed.length, 0),
      ended,
    ];
  },
});

interface WrongStart {
  code: number | null;
  /** what it wrote */
  lines: string[];
}

async function wrongStart(lab: Lab): Promise<WrongStart> {
  const wrong = lab.launch({ environment: { SECRET_KEY: WRONG } });
  const { code } = await wrong.exit;
  return { code, lines: wrong.output.trim().split('\n') };
}

function startFigures(starts: WrongStart[]): Figure[] {
  const explained = starts.filter(({ lines: [line] }) => /^SECRET_KEY has key .* sealed under key /.test(line));
  const detail = `  they wrote: ${JSON.stringify(starts.map(({ lines }) => lines))}`;
  return [
    exactly('exit codes of starts with another key', starts.map(({ code }) => code).join(), starts.map(() => 1).join()),
    exactly('most lines that one wrote', Math.max(...starts.map(({ lines }) => lines.length)), 1, detail),
    exactly('starts that said what they want', explained.length, starts.length, detail),
  ];
}

async function returnedBy(replicas: Replica[]): Promise<number> {
  const counts = replicas.map(async ({ call }) => {
    const { text } = await call('GET', '/metrics');
    return Number(/^seed_scheduler_unopened_secrets_total\{outcome="returned"\} (\d+)$/m.exec(text)?.[1] ?? 0);
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}
