import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Agent, type Dispatcher } from 'undici';

const CONNECT_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_MS = 4_000;
const MAX_RESPONSE_HEADER_BYTES = 16 * 1024;
/** Bytes of a response body that are read; the connection of a longer one is closed. */
const MAX_RESPONSE_BODY_BYTES = 16 * 1024;

export type OutboundMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface OutboundRequest {
  method: OutboundMethod;
  url: string;
  headers: Record<string, string>;
  body: string | Buffer | null;
  /** for the whole exchange, from connecting to the last byte that is read */
  timeoutMs: number;
}

export interface OutboundResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** the first 16 KiB at most */
  body: Buffer;
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

  /** @throws whatever ended the exchange before a status line arrived, an AbortError or TimeoutError included */
  async send({ method, url, headers, body, timeoutMs }: OutboundRequest): Promise<OutboundResponse> {
    const deadline = AbortSignal.timeout(timeoutMs);
    const response = await this.agent.request({
      ...splitUrl(url),
      method,
      headers: { 'accept-encoding': 'identity', ...headers },
      body,
      signal: deadline,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    return { status: response.statusCode, headers: response.headers, body: await readLimited(response.body) };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }
}

function splitUrl(text: string): { origin: string; path: string } {
  const url = new URL(text);
  return { origin: url.origin, path: url.pathname + url.search };
}

/** Reads up to the limit; the rest is not waited for. A body that breaks off after the status counts as far as it came. */
async function readLimited(body: Dispatcher.ResponseData['body']): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk as Buffer);
      length += (chunk as Buffer).length;
      if (length >= MAX_RESPONSE_BODY_BYTES) break;
    }
  } catch (error) {
    if ((error as Error).name === 'TimeoutError') throw error;
  }
  return Buffer.concat(chunks).subarray(0, MAX_RESPONSE_BODY_BYTES);
}
