import type { Account, AttemptRow } from './account.js';
import { percentile } from './account.js';
import { atMost, exactly, type Figure } from './experiment.js';
import type { Lab } from './lab.js';
import type { Obligation } from './oracle.js';
import type { Replica } from './replica.js';
import { drawn } from './timeline.js';

const SHOWN_AT_MOST = 5;

/** Nothing lost, nothing left without a record, nothing that nobody ordered: every experiment has these. */
export function nothingLost(lab: Lab, account: Account): Figure[] {
  const { lost, open, unordered } = account;
  return [
    exactly(`lost of ${account.expected.length}`, lost.length, 0, timelinesOf(lab, account, lost)),
    exactly('without a recorded outcome', open.length, 0, timelinesOf(lab, account, open)),
    exactly('arrivals that were not due', unordered.length, 0, timelinesOf(lab, account, unordered)),
  ];
}

export function duplicatesAtMost(lab: Lab, account: Account, limit: number): Figure {
  const { duplicates } = account;
  return atMost('duplicates', duplicates.length, limit, '', timelinesOf(lab, account, duplicates));
}

/** No process ended of itself; if one did, its last words. */
export function noneEnded(replicas: Replica[]): Figure {
  const ended = replicas.filter(({ isRunning }) => !isRunning);
  const words = ended.map(({ name, output }) => `  ${name} wrote last: ${output.slice(-3_000)}`).join('\n');
  return exactly('processes that ended', ended.length, 0, words);
}

/** Milliseconds, of the first arrivals. */
export function latenessFigure(what: string, lateness: number[], share: number, limitMs: number): Figure {
  return atMost(what, percentile(lateness, share), limitMs, 'ms');
}

/** What is known of each of these, the first few of them; undefined when there are none. */
export function timelinesOf(lab: Lab, account: Account, obligations: Obligation[]): string | undefined {
  if (obligations.length === 0) return undefined;
  const shown = obligations.slice(0, SHOWN_AT_MOST).map((one) => timelineOf(lab, account, one));
  const rest = obligations.length - shown.length;
  return [...shown, ...(rest > 0 ? [`  and ${rest} more`] : [])].join('\n');
}

/** All that is known of one delivery, and what else happened meanwhile. */
function timelineOf(lab: Lab, account: Account, { scheduleId, tick }: Obligation): string {
  const arrivals = account.arrived({ scheduleId, tick });
  const rows = account.rowsFor({ scheduleId, tick });
  const own = [
    { at: tick, text: 'DUE' },
    ...arrivals.map(({ at, attempt }) => ({ at, text: `arrives, attempt ${attempt}` })),
    ...arrivals.flatMap(({ answered, answeredAt }) =>
      answeredAt ? [{ at: answeredAt, text: `answered ${answered}` }] : [],
    ),
    ...rows.map((row) => ({ at: row.started_at.getTime(), text: `recorded: ${described(row)}` })),
  ];
  const around = lab.timeline.between(tick, Math.max(...own.map(({ at }) => at)) + 30_000);
  const title = `  schedule ${scheduleId}, tick ${new Date(tick).toISOString()}, delivery ${arrivals[0]?.delivery ?? 'unseen'}`;
  return `${title}\n${drawn([...own, ...around], tick)}`;
}

function described({ attempt, status, error, duration_ms, outcome, retry_at, replica }: AttemptRow): string {
  const answer = status ?? error ?? 'no POST';
  const then = outcome ?? (retry_at ? `again at ${retry_at.toISOString()}` : 'no outcome');
  return `attempt ${attempt} by ${replica}, ${answer} after ${duration_ms} ms, ${then}`;
}
