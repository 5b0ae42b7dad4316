/** Where a delivery goes and what it carries. */
export interface DeliveryTarget {
  endpoint: string;
  /** scheme, host and port of the endpoint */
  origin: string;
  /** JSON text, sent as it is */
  payload: string;
  authToken: string | null;
  /** each of them signs the delivery; none: it is not signed */
  signingKeys: readonly Buffer[];
  /** of the endpoint's origin, see OriginsService */
  originId: number;
  /** what its ticks come from */
  triggerId: string;
  /** when deliveries were last switched off: obligations up to then are void; null when never */
  haltedAt: Date | null;
}

/** A target that is there but cannot be used, and why: its own deliveries fail, no other's. */
export interface UnusableTarget {
  fault: string;
}

/** A target whose secrets another replica can open and this one cannot: its deliveries are left to the other one. */
export interface LockedTarget {
  isLocked: true;
}

export type Target = DeliveryTarget | UnusableTarget | LockedTarget;

/** Port: what deliveries are made of. Implemented by whoever orders deliveries, and wired by its module. */
export abstract class DeliveryTargets {
  /** @returns targets by schedule id; one that no longer exists is absent */
  abstract load(scheduleIds: string[]): Promise<Map<string, Target>>;
}
