import type { Obligation } from './oracle.js';
import type { Arrival } from './sink.js';

/** A row of the attempt ledger. */
export interface AttemptRow {
  schedule_id: string;
  scheduled_for: Date;
  attempt: number;
  started_at: Date;
  duration_ms: number | null;
  status: number | null;
  error: string | null;
  outcome: string | null;
  retry_at: Date | null;
  missed_from: Date | null;
  replica: string;
  is_resent: boolean;
}

/** An arrival after a 2xx had been given for the same delivery. */
export interface Duplicate extends Obligation {
  first: Arrival;
  again: Arrival;
}

export const ATTEMPTS = `
  SELECT schedule_id, scheduled_for, attempt, started_at, duration_ms, status, error, outcome, retry_at, missed_from,
         replica, is_resent
    FROM attempts ORDER BY started_at`;

const keyOf = ({ scheduleId, tick }: Obligation) => `${scheduleId} ${tick}`;
const isSuccess = ({ answered = 0 }: Arrival) => answered >= 200 && answered < 300;

/** What was due, what arrived and what is recorded, set against each other. */
export class Account {
  private readonly arrivalsOf: Map<string, Arrival[]>;
  private readonly rowsOf: Map<string, AttemptRow[]>;
  private readonly missed: AttemptRow[];

  constructor(
    readonly expected: Obligation[],
    readonly arrivals: Arrival[],
    readonly rows: AttemptRow[],
  ) {
    this.arrivalsOf = Map.groupBy(arrivals, keyOf);
    this.rowsOf = Map.groupBy(rows, (row) => keyOf({ scheduleId: row.schedule_id, tick: row.scheduled_for.getTime() }));
    this.missed = rows.filter(({ outcome }) => outcome === 'missed');
  }

  /** Neither delivered nor recorded as failed, missed, cancelled or skipped. */
  get lost(): Obligation[] {
    return this.expected.filter((one) => !this.arrived(one).some(isSuccess) && !isEnd(this.outcomeOf(one)));
  }

  /** No outcome is recorded: what is neither lost nor here is over, and nothing more of it can come. */
  get open(): Obligation[] {
    return this.expected.filter((one) => this.outcomeOf(one) === null);
  }

  get duplicates(): Duplicate[] {
    return [...this.arrivalsOf.values()].flatMap((arrivals) => {
      const first = arrivals.findIndex(isSuccess);
      if (first < 0) return [];
      const { scheduleId, tick, answeredAt } = arrivals[first];
      const after = arrivals.slice(first + 1).filter(({ at }) => at >= answeredAt!);
      return after.map((again) => ({ scheduleId, tick, first: arrivals[first], again }));
    });
  }

  /**
   * Arrivals that nobody ordered: of a tick that was not due, or under another id than the delivery's first one.
   * Schedules of which nothing is expected are not looked at.
   */
  get unordered(): Arrival[] {
    const watched = new Set(this.expected.map(({ scheduleId }) => scheduleId));
    const due = new Set(this.expected.map(keyOf));
    return this.arrivals.filter((one) => {
      if (!watched.has(one.scheduleId)) return false;
      const key = keyOf(one);
      return !due.has(key) || this.arrivalsOf.get(key)![0].delivery !== one.delivery;
    });
  }

  /** Arrivals more than this before their tick. */
  earlierThan(ms: number): Arrival[] {
    return this.arrivals.filter(({ at, tick }) => at < tick - ms);
  }

  /** Answered with a 2xx, but no ledger row stands for it: its sender died between the two. */
  get unrecorded(): Arrival[] {
    return this.arrivals.filter((arrival) => isSuccess(arrival) && !this.rowsFor(arrival).some(standsFor(arrival)));
  }

  /** How late each expected delivery first arrived, milliseconds, ascending. */
  lateness(isCounted: (obligation: Obligation) => boolean = () => true): number[] {
    const counted = this.expected.filter((one) => isCounted(one) && this.arrived(one).length > 0);
    return counted.map((one) => this.arrived(one)[0].at - one.tick).sort((a, b) => a - b);
  }

  arrived(obligation: Obligation): Arrival[] {
    return this.arrivalsOf.get(keyOf(obligation)) ?? [];
  }

  rowsFor(obligation: Obligation): AttemptRow[] {
    return this.rowsOf.get(keyOf(obligation)) ?? [];
  }

  /** The recorded outcome; null while there is none. */
  outcomeOf(obligation: Obligation): string | null {
    const ended = this.rowsFor(obligation).find(({ outcome }) => outcome !== null);
    if (ended) return ended.outcome;
    const { scheduleId, tick } = obligation;
    const isWithin = ({ schedule_id, missed_from, scheduled_for }: AttemptRow) =>
      schedule_id === scheduleId && missed_from!.getTime() <= tick && tick <= scheduled_for.getTime();
    return this.missed.some(isWithin) ? 'missed' : null;
  }
}

/** `delivered` is no excuse: the sink must have seen it. */
function isEnd(outcome: string | null): boolean {
  return outcome !== null && outcome !== 'delivered';
}

const CLOCK_SLACK_MS = 50;

function standsFor({ at }: Arrival): (row: AttemptRow) => boolean {
  return ({ started_at, duration_ms }) => {
    const start = started_at.getTime();
    return duration_ms !== null && at >= start - CLOCK_SLACK_MS && at <= start + duration_ms + CLOCK_SLACK_MS;
  };
}

/** @param share in 0..1; @param ascending values; NaN of none */
export function percentile(ascending: number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? NaN;
}
