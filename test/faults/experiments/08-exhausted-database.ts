import { setTimeout as delay } from 'node:timers/promises';
import type { Reply } from '../../support/api.js';
import { atLeast, atMost, exactly, experiment, type Figure } from '../library/experiment.js';
import type { Lab } from '../library/lab.js';
import { nothingLost } from '../library/verdicts.js';

// Two waits for a place in the pool (the token, then the work) and one for the lock, 5 s each, and some air.
const LONGEST_ANSWER_S = 20;
// More at once than the pool has connections.
const CALLS_A_SECOND = 40;

export default experiment({
  number: 8,
  title: 'a table locked, then every connection of the server taken',
  full: { seconds: 20 },

  async run(lab, { seconds }) {
    await lab.replicas(2);
    const due = await lab.createsMany(20, { endpoint: await lab.sink.at('/hook') });
    const locked = await whileLocked(lab, seconds);
    await recovered(lab);
    const exhausted = await whileExhausted(lab, seconds);
    await recovered(lab);
    const account = await lab.settled(due, 60_000, Date.now());
    return [...figuresOf('locked', locked), ...figuresOf('exhausted', exhausted), ...nothingLost(lab, account)];
  },
});

type Answer = { seconds: number; reply: Reply | null };

async function whileLocked(lab: Lab, seconds: number): Promise<Answer[]> {
  const holder = await lab.postgres.connect();
  await holder.query('BEGIN; LOCK TABLE schedules IN ACCESS EXCLUSIVE MODE');
  lab.timeline.note('schedules is locked');
  const answers = callFor(lab, seconds);
  await delay(seconds * 1000);
  await holder.query('ROLLBACK');
  await holder.end();
  lab.timeline.note('schedules is free');
  return answers;
}

async function whileExhausted(lab: Lab, seconds: number): Promise<Answer[]> {
  const taken = [];
  lab.timeline.note('all connections are taken');
  const watcher = await lab.postgres.connect();
  for (;;) {
    const connection = await lab.postgres.connect().catch(() => null);
    if (!connection) break;
    taken.push(connection);
  }
  // What the service had open goes too, and is taken at once.
  await watcher.query(`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'seed-scheduler%'`);
  for (;;) {
    const connection = await lab.postgres.connect().catch(() => null);
    if (!connection) break;
    taken.push(connection);
  }
  const answers = await callFor(lab, seconds);
  await Promise.all(taken.map((connection) => connection.end()));
  await watcher.end();
  lab.timeline.note('connections are free');
  return answers;
}

async function callFor(lab: Lab, seconds: number): Promise<Answer[]> {
  const answers: Promise<Answer>[] = [];
  for (let i = 0; i < seconds * CALLS_A_SECOND; i++) {
    const { call } = lab.running[i % lab.running.length];
    const start = Date.now();
    const path = '/api/v1/schedule/';
    const isCreation = i % 4 === 0;
    const body = { interval_definition: '1 days', endpoint: 'http://127.0.0.1:9/' };
    const answer = isCreation ? call('POST', path, body) : call('GET', `${path}?limit=1`);
    const done = answer.catch(() => null).then((reply) => ({ seconds: (Date.now() - start) / 1000, reply }));
    answers.push(done);
    await delay(1_000 / CALLS_A_SECOND);
  }
  return Promise.all(answers);
}

async function recovered(lab: Lab): Promise<void> {
  const start = Date.now();
  await lab.until('deliveries are on time again', () =>
    lab.sink.seen().some(({ at, tick }) => tick > start && at - tick < 1_000),
  );
}

function figuresOf(what: string, answers: Answer[]): Figure[] {
  const refused = answers.filter(({ reply }) => reply?.status === 503);
  const isGood = ({ reply }: Answer) => reply?.status === 503 || reply?.status === 200 || reply?.status === 201;
  const other = answers.filter((answer) => !isGood(answer));
  const counts = Map.groupBy(other, ({ reply }) => `${reply?.status ?? 'none'} ${reply?.text ?? ''}`);
  const detail = [...counts].map(([answer, { length }]) => `  ${length} x ${answer}`).join('\n');
  return [
    atLeast(`${what}: answers 503`, refused.length, 1),
    exactly(
      `${what}: 503 without Retry-After`,
      refused.filter(({ reply }) => !reply!.headers.has('retry-after')).length,
      0,
    ),
    exactly(`${what}: other answers than 503 and success`, other.length, 0, detail),
    atMost(`${what}: slowest answer`, Math.max(...answers.map(({ seconds }) => seconds)), LONGEST_ANSWER_S, 's'),
  ];
}
