import type { AttemptRow } from './attempt-ledger.js';
import { deliveryId } from './delivery.js';
import type { AttemptDto, DeliveryDto } from './delivery-history.dto.js';

/** Gathers ledger rows of one schedule, which come delivery by delivery and attempt by attempt, into deliveries. */
export function deliveriesOf(rows: AttemptRow[]): DeliveryDto[] {
  const deliveries: DeliveryDto[] = [];
  for (const row of rows) {
    const last = deliveries.at(-1);
    const isSame = last?.scheduled_for.getTime() === row.scheduled_for.getTime();
    const delivery = last && isSame ? last : begin(row, deliveries);
    delivery.outcome = row.outcome;
    if (wasPosted(row)) delivery.attempts.push(attemptView(row));
  }
  return deliveries;
}

function begin(row: AttemptRow, deliveries: DeliveryDto[]): DeliveryDto {
  const missed =
    row.missed_count === null || !row.missed_from
      ? null
      : { count: row.missed_count, from: row.missed_from, to: row.scheduled_for };
  const delivery = {
    id: deliveryId(row.schedule_id, row.scheduled_for),
    scheduled_for: row.scheduled_for,
    outcome: null,
    missed,
    attempts: [],
  };
  deliveries.push(delivery);
  return delivery;
}

/** A delivery that was cancelled, missed or skipped has a row that stands for no POST. */
function wasPosted({ duration_ms }: AttemptRow): boolean {
  return duration_ms !== null;
}

function attemptView(row: AttemptRow): AttemptDto {
  const { attempt, started_at, duration_ms, status, error, excerpt, retry_at, replica, is_resent } = row;
  return { attempt, started_at, duration_ms, status, error, response: excerpt, retry_at, replica, resent: is_resent };
}
