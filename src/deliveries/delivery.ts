import { v5 as uuidv5 } from 'uuid';

// The namespace of delivery ids. Never changes: ids must be the same in every release.
const DELIVERY_NAMESPACE = '6f2c1c5e-9a0b-5d0e-8f43-2b7b1f0c9d55';

/** One schedule's obligation for one tick, as the queue carries it. */
export interface DeliveryData {
  scheduleId: string;
  /** RFC 3339, UTC, milliseconds */
  tick: string;
  /** attempts made before the delivery was requeued by hand */
  attemptsBefore?: number;
  /** RFC 3339; when it was requeued by hand */
  requeuedAt?: string;
}

/** The same for a schedule and a tick, everywhere and for ever. */
export function deliveryId(scheduleId: string, tick: Date): string {
  return uuidv5(`${scheduleId}/${tick.toISOString()}`, DELIVERY_NAMESPACE);
}
