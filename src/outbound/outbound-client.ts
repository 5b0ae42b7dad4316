import type { LookupFunction } from 'node:net';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Agent } from 'undici';
import { AddressPolicy } from './address-policy.js';
import { AddressRefusedError } from './address-refused.error.js';
import { Exchange, type OutboundResponse } from './exchange.js';
import { guardedConnector, guardedDial } from './guarded-connector.js';

const CONNECT_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_MS = 4_000;
const MAX_RESPONSE_HEADER_BYTES = 16 * 1024;

export type OutboundMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface OutboundRequest {
  method: OutboundMethod;
  url: string;
  headers: Record<string, string>;
  body: string | Buffer | null;
  /** for the whole exchange, from connecting to the last byte that is read */
  timeoutMs: number;
}

/** Injection token of the `LookupFunction` that turns names into addresses. */
export const LOOKUP = Symbol('LOOKUP');

/**
 * The one way out: every byte that leaves the service leaves through here.
 *
 * One call is one request on the wire: nothing is retried, no redirect followed, nothing decompressed.
 * It goes to addresses that the policy permits, and to no other.
 */
@Injectable()
export class OutboundClient implements OnApplicationShutdown {
  private readonly agent: Agent;

  constructor(policy: AddressPolicy, @Inject(LOOKUP) lookup: LookupFunction) {
    this.agent = new Agent({
      connect: guardedConnector(policy, guardedDial(policy, lookup), { timeoutMs: CONNECT_TIMEOUT_MS }),
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_RESPONSE_HEADER_BYTES,
      pipelining: 1,
    });
  }

  /**
   * @throws AddressRefusedError, also for a URL that is not http or https or has a user name; whatever else ended the
   *   exchange before a status line arrived; or a TimeoutError
   */
  send({ method, url, headers, body, timeoutMs }: OutboundRequest): Promise<OutboundResponse> {
    const exchange = new Exchange(timeoutMs);
    try {
      const options = {
        ...splitUrl(url),
        method,
        headers: { 'accept-encoding': 'identity', ...headers },
        body,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      };
      this.agent.dispatch(options, exchange);
    } catch (error) {
      exchange.fail(error as Error);
    }
    return exchange.response;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }
}

function splitUrl(text: string): { origin: string; path: string } {
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol) || url.username || url.password) throw new AddressRefusedError();
  return { origin: url.origin, path: url.pathname + url.search };
}
