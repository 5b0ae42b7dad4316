import type { AttemptRow } from '../library/account.js';
import { exactly, experiment, type Figure, noted } from '../library/experiment.js';
import type { Watched } from '../library/oracle.js';
import type { Behaviour } from '../library/sink.js';

/** The wait before the second attempt, seconds: docs/architecture.md, "After an attempt". */
const BACKOFF = { from: 2, to: 2.5 };
const DAY_S = 86_400;
/** From the answer to the decision, seconds. */
const SLACK_S = 1;
const DATE_IN_S = 60;

const STATUSES = [
  ...[200, 201, 202, 204, 206, 299],
  ...[300, 301, 302, 303, 304, 307, 308],
  ...[400, 401, 403, 404, 405, 408, 409, 410, 413, 418, 422, 425, 429, 451, 499],
  ...[500, 501, 502, 503, 504, 507, 511, 599, 600, 999],
];

/** Seconds from the answer to the next attempt. */
type Wait = { from: number; to: number };
/** The instant of the next attempt, milliseconds. */
type RetryAt = { at: number };

interface Case {
  name: string;
  behaviour: Behaviour;
  wanted: 'delivered' | 'failed' | Wait | RetryAt;
}

export default experiment({
  number: 17,
  title: 'every status class; Retry-After in every spelling',
  full: {},

  async run(lab) {
    await lab.replica();
    const cases = [...STATUSES.map(statusCase), ...retryAfterCases(Date.now())];
    const schedules: Watched[] = [];
    for (const [i, { behaviour }] of cases.entries()) {
      schedules.push(await lab.creates({ endpoint: await lab.sink.alone(`/case-${i}`, behaviour), frequency: 1 }));
    }
    await lab.until('every case has been tried', async () => {
      const rows = await lab.postgres.query('SELECT FROM attempts WHERE attempt = 1');
      return rows.length === cases.length;
    });
    const { rows } = await lab.account(schedules);
    const wrong = cases.flatMap((one, i) => {
      const row = rows.find(({ schedule_id, attempt }) => schedule_id === schedules[i].id && attempt === 1)!;
      return isAsWanted(one, row)
        ? []
        : [`  ${one.name}: ${JSON.stringify(row)}, wanted ${JSON.stringify(one.wanted)}`];
    });
    const figures: Figure[] = [
      exactly(`decisions off the documented table, of ${cases.length}`, wrong.length, 0, wrong.join('\n')),
    ];
    return [...figures, noted('cases', cases.map(({ name }) => name).join('; '))];
  },
});

function statusCase(status: number): Case {
  const wanted = status >= 200 && status < 300 ? 'delivered' : status === 410 ? 'failed' : BACKOFF;
  return { name: String(status), behaviour: { statuses: [status] }, wanted };
}

function retryAfterCases(now: number): Case[] {
  const wait = (seconds: number) => ({ from: seconds, to: seconds });
  const at = Math.ceil(now / 1000 + DATE_IN_S) * 1000;
  const table: [string, Case['wanted']][] = [
    ['7', wait(7)],
    ['0', BACKOFF],
    ['1', BACKOFF],
    ['-5', BACKOFF],
    ['9e99', BACKOFF],
    ['99999999999999999999', wait(DAY_S)],
    ['junk', BACKOFF],
    ['', BACKOFF],
    ['3.5', BACKOFF],
    [new Date(at).toUTCString(), { at }],
    ['Thu, 01 Jan 1970 00:00:00 GMT', BACKOFF],
    ['Fri, 31 Dec 9999 23:59:59 GMT', wait(DAY_S)],
  ];
  return table.map(([value, wanted]) => ({
    name: `Retry-After: ${value}`,
    behaviour: { statuses: [503], headers: { 'retry-after': value } },
    wanted,
  }));
}

function isAsWanted({ wanted }: Case, { outcome, retry_at, started_at, duration_ms }: AttemptRow): boolean {
  if (typeof wanted === 'string') return outcome === wanted;
  if (outcome !== null || retry_at === null) return false;
  // A date says a whole second; the wait until then is kept to a millisecond.
  if ('at' in wanted) return Math.abs(retry_at.getTime() - wanted.at) < 1_000;
  const seconds = (retry_at.getTime() - started_at.getTime() - (duration_ms ?? 0)) / 1000;
  return seconds >= wanted.from - 0.01 && seconds <= wanted.to + SLACK_S;
}
