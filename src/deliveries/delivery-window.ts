import type { LeasedDelivery } from './delivery.js';

/** What an origin starts with, and falls back to when it does not answer. */
const FIRST_PLACES = 10;
/** Deliveries are leased ahead for so long as they take, so that places need not wait for the database. */
const AHEAD_MS = 50;
/** Most deliveries that are leased ahead. */
const MAX_AHEAD = 512;
/** So many free places are worth a query, whatever the capacity. */
const WORTH_A_QUERY = 400;
/** With so many in flight an answer comes every moment. */
const BUSY = 25;
/** Share of the past in the average duration of an origin's attempts. */
const INERTIA = 0.9;

/** How many deliveries may be leased now: in all, of the origins that are named, and of each other one. */
export interface Room {
  total: number;
  ofOrigin: Map<number, number>;
  ofOthers: number;
}

interface OriginState {
  waiting: LeasedDelivery[];
  inFlight: number;
  /** POSTs that it may have in flight: one more for each answer, back to the first few when none comes */
  places: number;
  /** average of its attempts; null before the first has ended */
  durationMs: number | null;
  /** the last lease took all that was asked for: there may be more */
  hasMore: boolean;
}

/**
 * The places for POSTs in flight, and the deliveries that were leased to fill them. Decides what may be leased and what
 * may start; does neither.
 *
 * Each origin has its own limit. It begins low and grows with each answer, so that several endpoints that hang do not
 * fill the window between them. Deliveries of an origin that answers fast are leased ahead; others wait in the database.
 */
export class DeliveryWindow {
  private readonly origins = new Map<number, OriginState>();
  private inFlight = 0;
  private waiting = 0;
  private readyOrigins = 1;
  private isCut = false;

  constructor(
    private readonly concurrency: number,
    private readonly perOrigin: number,
  ) {}

  room(): Room {
    const ofOrigin = new Map<number, number>();
    let ahead = 0;
    for (const [id, origin] of this.origins) {
      const room = this.roomOf(origin);
      ofOrigin.set(id, room);
      ahead += aheadOf(origin);
    }
    const total = Math.max(0, this.concurrency + Math.min(MAX_AHEAD, ahead) - this.inFlight - this.waiting);
    const share = Math.max(1, Math.ceil(total / this.readyOrigins));
    for (const [id, room] of ofOrigin) ofOrigin.set(id, Math.min(room, share));
    return { total, ofOrigin, ofOthers: Math.min(this.firstPlaces, share) };
  }

  /** Whether so many POSTs are in flight that one more or less at once makes no difference. */
  get isBusy(): boolean {
    return this.inFlight >= BUSY;
  }

  /** Whether there is more to lease than there was room for, and now room for enough of it to be worth a query. */
  get isWorthLeasing(): boolean {
    if (this.isCut) return this.inFlight + this.waiting <= (this.concurrency * 3) / 4;
    let free = 0;
    let capacity = 0;
    for (const origin of this.origins.values()) {
      if (!origin.hasMore) continue;
      free += this.roomOf(origin);
      capacity += origin.places + aheadOf(origin);
    }
    return free > 0 && free >= Math.min(WORTH_A_QUERY, capacity / 2);
  }

  /**
   * @param asked the room that they were leased for
   * @param readyOrigins how many origins had deliveries that were due
   */
  hold(deliveries: LeasedDelivery[], asked: Room, readyOrigins: number): void {
    this.readyOrigins = Math.max(1, readyOrigins);
    this.isCut = deliveries.length >= asked.total;
    const byOrigin = Map.groupBy(deliveries, ({ originId }) => originId);
    for (const [id, room] of asked.ofOrigin) {
      const origin = this.origins.get(id);
      if (origin && room > 0) origin.hasMore = (byOrigin.get(id)?.length ?? 0) >= room;
    }
    for (const [id, leased] of byOrigin) {
      const origin = this.originOf(id);
      origin.waiting.push(...leased);
      origin.hasMore = leased.length >= (asked.ofOrigin.get(id) ?? asked.ofOthers);
    }
    this.waiting += deliveries.length;
    for (const [id, origin] of this.origins) this.forgetIdle(id, origin);
  }

  /** Takes what has a place, in turn between origins. Each is to be given back by `end`. */
  takeStartable(): LeasedDelivery[] {
    const taken: LeasedDelivery[] = [];
    let queues = [...this.origins.values()].filter(hasStartable);
    while (queues.length > 0 && this.inFlight < this.concurrency) {
      for (const origin of queues) {
        const delivery = this.inFlight < this.concurrency ? origin.waiting.shift() : undefined;
        if (!delivery) break;
        taken.push(delivery);
        origin.inFlight += 1;
        this.inFlight += 1;
        this.waiting -= 1;
      }
      queues = queues.filter(hasStartable);
    }
    return taken;
  }

  /** Frees a place. @param durationMs of the attempt; null when there was none */
  end({ originId }: LeasedDelivery, isAnswered: boolean, durationMs: number | null): void {
    const origin = this.originOf(originId);
    origin.inFlight -= 1;
    this.inFlight -= 1;
    if (durationMs !== null) {
      origin.durationMs = INERTIA * (origin.durationMs ?? durationMs) + (1 - INERTIA) * durationMs;
      origin.places = isAnswered ? Math.min(this.perOrigin, origin.places + 1) : this.firstPlaces;
    }
    this.forgetIdle(originId, origin);
  }

  /** Takes back what waits: of one origin, or all. */
  release(originId?: number): LeasedDelivery[] {
    const released: LeasedDelivery[] = [];
    for (const [id, origin] of this.origins) {
      if (originId !== undefined && id !== originId) continue;
      released.push(...origin.waiting.splice(0));
      origin.hasMore = false;
      this.forgetIdle(id, origin);
    }
    this.waiting -= released.length;
    return released;
  }

  private get firstPlaces(): number {
    return Math.min(FIRST_PLACES, this.perOrigin);
  }

  private roomOf(origin: OriginState): number {
    return Math.max(0, origin.places + aheadOf(origin) - origin.inFlight - origin.waiting.length);
  }

  private originOf(id: number): OriginState {
    let origin = this.origins.get(id);
    if (!origin) {
      origin = { waiting: [], inFlight: 0, places: this.firstPlaces, durationMs: null, hasMore: false };
      this.origins.set(id, origin);
    }
    return origin;
  }

  private forgetIdle(id: number, { inFlight, waiting, hasMore }: OriginState): void {
    if (inFlight === 0 && waiting.length === 0 && !hasMore) this.origins.delete(id);
  }
}

function hasStartable({ waiting, inFlight, places }: OriginState): boolean {
  return waiting.length > 0 && inFlight < places;
}

/** As many as its places take in AHEAD_MS. */
function aheadOf({ places, durationMs }: OriginState): number {
  return durationMs === null ? 0 : Math.min(MAX_AHEAD, Math.floor((places * AHEAD_MS) / Math.max(1, durationMs)));
}
