import { parse, v5 as uuidv5 } from 'uuid';

// The namespace of delivery ids. Never changes: ids must be the same in every release.
const DELIVERY_NAMESPACE = parse('6f2c1c5e-9a0b-5d0e-8f43-2b7b1f0c9d55');

/** One schedule's obligation for one tick. */
export interface DeliveryKey {
  scheduleId: string;
  tick: Date;
}

/** The same for a schedule and a tick, everywhere and for ever. */
export function deliveryId(scheduleId: string, tick: Date): string {
  return uuidv5(Buffer.from(`${scheduleId}/${tick.toISOString()}`), DELIVERY_NAMESPACE);
}

/** A delivery in a worker's hands. */
export interface LeasedDelivery extends DeliveryKey {
  id: string;
  /** the tick as PostgreSQL writes it; finds the row, because a Date has no microseconds and no infinity */
  scheduledFor: string;
  originId: number;
  /** number of the attempt that this lease is for, from 1; settling applies to this lease only, never to a later one */
  attempt: number;
  /** attempts made before it was requeued by hand */
  attemptsBefore: number;
  requeuedAt: Date | null;
}
