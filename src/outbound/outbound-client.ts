import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Agent } from 'undici';
import { Exchange, type OutboundResponse } from './exchange.js';

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

/**
 * The one way out: every byte that leaves the service leaves through here.
 *
 * One call is one request on the wire: nothing is retried, no redirect followed, nothing decompressed.
 */
@Injectable()
export class OutboundClient implements OnApplicationShutdown {
  private readonly agent = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS, minVersion: 'TLSv1.2' },
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_RESPONSE_HEADER_BYTES,
    pipelining: 1,
  });

  /** @throws whatever ended the exchange before a status line arrived, or a TimeoutError */
  send({ method, url, headers, body, timeoutMs }: OutboundRequest): Promise<OutboundResponse> {
    const exchange = new Exchange(timeoutMs);
    const options = {
      ...splitUrl(url),
      method,
      headers: { 'accept-encoding': 'identity', ...headers },
      body,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    };
    try {
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
  return { origin: url.origin, path: url.pathname + url.search };
}
