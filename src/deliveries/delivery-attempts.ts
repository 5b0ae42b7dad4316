import { Inject, Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { CONFIG, type Config } from '../config/config.js';
import { type AttemptResult, decide } from './decision.js';
import type { LeasedDelivery } from './delivery.js';
import { DeliveryInstruments } from './delivery.instruments.js';
import { DeliverySender } from './delivery-sender.js';
import type { DeliveryTarget } from './delivery-targets.js';
import type { Verdict } from './settlement.js';

/** Makes attempts: sends, decides what comes of it, counts and logs. */
@Injectable()
export class DeliveryAttempts {
  constructor(
    @InjectPinoLogger(DeliveryAttempts.name) private readonly log: PinoLogger,
    @Inject(CONFIG) private readonly config: Config,
    private readonly sender: DeliverySender,
    private readonly instruments: DeliveryInstruments,
  ) {}

  /** Never throws: whatever comes of the POST is a verdict. */
  async make(delivery: LeasedDelivery, target: DeliveryTarget): Promise<Verdict & { result: AttemptResult }> {
    const latenessMs = Date.now() - delivery.tick.getTime();
    this.instruments.countStart();
    const result = await this.sender.send(delivery, target);
    const maxAttempts = delivery.attemptsBefore + this.config.delivery.maxAttempts;
    const decision = decide(result, delivery.attempt, maxAttempts, Math.random);
    this.instruments.countAttempt(result, delivery.attempt, latenessMs);
    this.note(delivery, target, decision.kind, latenessMs, result);
    return { delivery, decision, result, originId: target.originId };
  }

  /** One wide line per attempt; nothing of the payload, the token, or the endpoint's path. */
  private note(
    { id, scheduleId, tick, attempt }: LeasedDelivery,
    { endpoint }: DeliveryTarget,
    decision: string,
    latenessMs: number,
    { status, error, durationMs }: AttemptResult,
  ): void {
    // Not even made up when nobody reads it.
    if (!this.log.logger.isLevelEnabled('info')) return;
    this.log.info({
      msg: 'attempt',
      delivery: id,
      schedule: scheduleId,
      tick,
      attempt,
      decision,
      status,
      error,
      durationMs,
      latenessMs,
      origin: new URL(endpoint).origin,
    });
  }
}
