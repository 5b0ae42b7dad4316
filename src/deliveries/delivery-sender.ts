import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { VERSION } from '../config/version.js';
import { OutboundClient } from '../outbound/outbound-client.js';
import type { LeasedDelivery } from './delivery.js';
import { classifyError } from './attempt-error.js';
import type { AttemptResult } from './decision.js';
import type { DeliveryTarget } from './delivery-targets.js';
import { excerptOf, noteOn } from './excerpt.js';
import { retryAfterSeconds } from './retry-after.js';
import { masked } from './secret-mask.js';
import { signatureHeaders } from './signature.js';

/** Makes one attempt. Whatever comes of it is a value; it never throws. */
@Injectable()
export class DeliverySender {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly outbound: OutboundClient,
  ) {}

  /** @param traceparent of the attempt's span; null when traces are off */
  async send(delivery: LeasedDelivery, target: DeliveryTarget, traceparent: string | null): Promise<AttemptResult> {
    const startedAtMs = performance.now();
    let isResent = false;
    const durationMs = () => Math.round(performance.now() - startedAtMs);
    try {
      const response = await this.outbound.send({
        method: 'POST',
        url: target.endpoint,
        headers: deliveryHeaders(delivery, target, traceparent),
        body: target.payload,
        timeoutMs: this.config.delivery.requestTimeoutMs,
        // The receiver knows it by its Idempotency-Key.
        onResent: () => (isResent = true),
      });
      return {
        startedAtMs,
        durationMs: durationMs(),
        status: response.status,
        error: null,
        excerpt: orNothing(() =>
          this.config.history.storesResponses ? excerptOf(response, target.authToken) : noteOn(response.status),
        ),
        retryAfterSeconds: retryAfterSeconds(response.headers['retry-after'], new Date()),
        isResent,
      };
    } catch (thrown) {
      const { error, message } = classifyError(thrown);
      return {
        startedAtMs,
        durationMs: durationMs(),
        status: null,
        error,
        excerpt: orNothing(() => (target.authToken ? masked(message, target.authToken) : message)),
        retryAfterSeconds: null,
        isResent,
      };
    }
  }
}

/** An excerpt that cannot be made must not turn a delivery that was accepted into a failure. */
function orNothing(excerpt: () => string | null): string | null {
  try {
    return excerpt();
  } catch {
    return null;
  }
}

function deliveryHeaders(
  { id, scheduleId, tick, attempt }: LeasedDelivery,
  { authToken, payload, signingKeys }: DeliveryTarget,
  traceparent: string | null,
): Record<string, string> {
  return {
    'content-type': 'application/json',
    'user-agent': `seed-scheduler/${VERSION}`,
    'idempotency-key': id,
    'x-schedule-id': scheduleId,
    'x-scheduled-for': tick.toISOString(),
    'x-attempt': String(attempt),
    ...(traceparent !== null && { traceparent }),
    ...(authToken !== null && { authorization: `Token ${authToken}` }),
    ...signatureHeaders({ deliveryId: id, body: payload }, signingKeys, new Date()),
  };
}
