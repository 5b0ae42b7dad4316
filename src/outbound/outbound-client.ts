import type { LookupFunction } from 'node:net';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Agent, Pool } from 'undici';
import { AddressPolicy } from './address-policy.js';
import { AddressRefusedError } from './address-refused.error.js';
import { lineClient } from './connection.js';
import { Exchange, type OutboundResponse } from './exchange.js';
import { guardedConnector } from './guarded-connector.js';

const CONNECT_TIMEOUT_MS = 5_000;
// Below the 2 s of the most impatient common server, so that a connection is seldom used as it is being closed.
const KEEP_ALIVE_MS = 1_500;
/** Where a receiver says how long it keeps a connection: so much less, and at most a minute. */
const KEEP_ALIVE_MARGIN_MS = 1_000;
const MAX_KEEP_ALIVE_MS = 60_000;
const MAX_RESPONSE_HEADER_BYTES = 16 * 1024;

export type OutboundMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface OutboundRequest {
  method: OutboundMethod;
  url: string;
  headers: Record<string, string>;
  body: string | Buffer | null;
  /** for the whole exchange, from connecting to the last byte that is read */
  timeoutMs: number;
  /**
   * For a request that may arrive twice, since its receiver can tell. When it dies on a kept connection before a byte of
   * a response came, it is sent once more, over a new connection, and this is called. Without it a request is sent once.
   */
  onResent?: () => void;
}

/** Injection token of the `LookupFunction` that turns names into addresses. */
export const LOOKUP = Symbol('LOOKUP');

/**
 * The one way out: every byte that leaves the service leaves through here.
 *
 * One call is one request on the wire, or two where `onResent` says so: nothing else is retried, no redirect followed,
 * nothing decompressed. It goes to addresses that the policy permits, and to no other.
 */
@Injectable()
export class OutboundClient implements OnApplicationShutdown {
  private readonly agent: Agent;
  /** opens a connection for each request, and closes it afterwards */
  private readonly freshAgent: Agent;

  constructor(policy: AddressPolicy, @Inject(LOOKUP) lookup: LookupFunction) {
    const connect = guardedConnector(policy, { lookup, timeoutMs: CONNECT_TIMEOUT_MS });
    this.agent = agentWith({ connect, pipelining: 1 });
    this.freshAgent = agentWith({ connect, pipelining: 0 });
  }

  /**
   * @throws AddressRefusedError, also for a URL that is not http or https or has a user name; whatever else ended the
   *   exchange before a status line arrived; or a TimeoutError
   */
  send({ method, url, headers, body, timeoutMs, onResent }: OutboundRequest): Promise<OutboundResponse> {
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
      if (onResent) exchange.permitResending({ over: this.freshAgent, options, onResent });
      this.agent.dispatch(options, exchange);
    } catch (error) {
      exchange.fail(error as Error);
    }
    return exchange.response;
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.agent.destroy(), this.freshAgent.destroy()]);
  }
}

function agentWith(options: Pick<Pool.Options, 'connect' | 'pipelining'>): Agent {
  return new Agent({
    ...options,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: MAX_KEEP_ALIVE_MS,
    keepAliveTimeoutThreshold: KEEP_ALIVE_MARGIN_MS,
    maxHeaderSize: MAX_RESPONSE_HEADER_BYTES,
    factory: (origin, given) => {
      return new Pool(origin, { ...given, allowH2: false, factory: lineClient });
    },
  });
}

function splitUrl(text: string): { origin: string; path: string } {
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol) || url.username || url.password) throw new AddressRefusedError();
  return { origin: url.origin, path: url.pathname + url.search };
}
