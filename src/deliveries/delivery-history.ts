import type { Outcome } from './attempt.entity.js';
import type { AttemptRow } from './attempt-ledger.js';

export interface AttemptView {
  attempt: number;
  started_at: Date;
  duration_ms: number | null;
  status: number | null;
  error: string | null;
  response: string | null;
  retry_at: Date | null;
  replica: string;
}

export interface DeliveryHistory {
  id: string;
  /** the tick; of missed ticks the last */
  scheduled_for: Date;
  /** null while it goes on */
  outcome: Outcome | null;
  /** the missed ticks that this entry stands for; null otherwise */
  missed: { count: number; from: Date; to: Date } | null;
  attempts: AttemptView[];
}

/** Gathers ledger rows, which come delivery by delivery and attempt by attempt, into deliveries. */
export function deliveriesOf(rows: AttemptRow[]): DeliveryHistory[] {
  const deliveries: DeliveryHistory[] = [];
  for (const row of rows) {
    const last = deliveries.at(-1);
    const delivery = last?.id === row.delivery_id ? last : begin(row, deliveries);
    delivery.outcome = row.outcome;
    if (wasPosted(row)) delivery.attempts.push(attemptView(row));
  }
  return deliveries;
}

function begin(row: AttemptRow, deliveries: DeliveryHistory[]): DeliveryHistory {
  const missed =
    row.missed_count === null || !row.missed_from
      ? null
      : { count: row.missed_count, from: row.missed_from, to: row.scheduled_for };
  const delivery = { id: row.delivery_id, scheduled_for: row.scheduled_for, outcome: null, missed, attempts: [] };
  deliveries.push(delivery);
  return delivery;
}

/** A delivery that was cancelled or missed has a row that stands for no POST. */
function wasPosted({ duration_ms }: AttemptRow): boolean {
  return duration_ms !== null;
}

function attemptView(row: AttemptRow): AttemptView {
  const { attempt, started_at, duration_ms, status, error, excerpt, retry_at, replica } = row;
  return { attempt, started_at, duration_ms, status, error, response: excerpt, retry_at, replica };
}
