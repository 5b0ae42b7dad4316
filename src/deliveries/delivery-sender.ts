import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { VERSION } from '../config/version.js';
import { OutboundClient } from '../outbound/outbound-client.js';
import { classifyError } from './attempt-error.js';
import type { AttemptResult } from './decision.js';
import type { DeliveryTarget } from './delivery-targets.js';
import { retryAfterSeconds } from './retry-after.js';

/** Bytes of an answer that are kept. */
const EXCERPT_BYTES = 1024;

export interface Post {
  deliveryId: string;
  scheduleId: string;
  /** RFC 3339 */
  tick: string;
  /** from 1 */
  attempt: number;
  target: DeliveryTarget;
}

/** Makes one POST. Whatever comes of it is a value; it never throws. */
@Injectable()
export class DeliverySender {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly outbound: OutboundClient,
  ) {}

  async send(post: Post): Promise<AttemptResult> {
    const startedAt = new Date();
    const start = performance.now();
    const durationMs = () => Math.round(performance.now() - start);
    try {
      const response = await this.outbound.send({
        method: 'POST',
        url: post.target.endpoint,
        headers: deliveryHeaders(post),
        body: post.target.payload,
        timeoutMs: this.config.delivery.requestTimeoutMs,
      });
      return {
        startedAt,
        durationMs: durationMs(),
        status: response.status,
        error: null,
        excerpt: excerptOf(response.body),
        retryAfterSeconds: retryAfterSeconds(response.headers['retry-after'], new Date()),
      };
    } catch (thrown) {
      const { error, message } = classifyError(thrown);
      return { startedAt, durationMs: durationMs(), status: null, error, excerpt: message, retryAfterSeconds: null };
    }
  }
}

function deliveryHeaders({ deliveryId, scheduleId, tick, attempt, target }: Post): Record<string, string> {
  return {
    'content-type': 'application/json',
    'user-agent': `seed-scheduler/${VERSION}`,
    'idempotency-key': deliveryId,
    'x-schedule-id': scheduleId,
    'x-scheduled-for': tick,
    'x-attempt': String(attempt),
    ...(target.authToken !== null && { authorization: `Token ${target.authToken}` }),
  };
}

function excerptOf(body: Buffer): string | null {
  if (body.length === 0) return null;
  // PostgreSQL's text has no NUL.
  return body.subarray(0, EXCERPT_BYTES).toString('utf8').replaceAll('\0', '\uFFFD');
}
