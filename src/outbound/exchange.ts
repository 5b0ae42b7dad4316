import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

/** Bytes of a response body that are read; the connection of a longer one is closed. */
export const MAX_RESPONSE_BODY_BYTES = 16 * 1024;

export interface OutboundResponse {
  status: number;
  headers: IncomingHttpHeaders;
  /** the first 16 KiB at most */
  body: Buffer;
}

/** The whole exchange took longer than it may. */
export class ExchangeTimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor(timeoutMs: number) {
    super(`no complete answer within ${timeoutMs} ms`);
  }
}

/**
 * One request on the wire and its answer, as undici tells of it. Driven by events rather than through undici's streams,
 * which cost more than the rest of a delivery.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly response: Promise<OutboundResponse>;
  private resolve: (response: OutboundResponse) => void;
  private reject: (error: Error) => void;
  private readonly deadline: NodeJS.Timeout;
  private controller: Dispatcher.DispatchController | null = null;
  private isOver = false;
  private status = 0;
  private headers: IncomingHttpHeaders = {};
  private readonly chunks: Buffer[] = [];
  private length = 0;

  /** @param timeoutMs for the whole exchange, from connecting to the last byte that is read */
  constructor(timeoutMs: number) {
    this.response = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.deadline = setTimeout(() => this.fail(new ExchangeTimeoutError(timeoutMs)), timeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    // It was given up while it waited for a connection: not a byte of it is sent.
    if (this.isOver) controller.abort(new Error('given up'));
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.status = status;
    this.headers = headers;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.chunks.push(chunk);
    this.length += chunk.length;
    if (this.length >= MAX_RESPONSE_BODY_BYTES) this.succeed();
  }

  onResponseEnd(): void {
    this.succeed();
  }

  /** A body that breaks off after the status counts as far as it came. */
  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.status > 0) this.succeed();
    else this.fail(error);
  }

  /** Ends the exchange without an answer. */
  fail(error: Error): void {
    if (!this.end()) return;
    this.reject(error);
    this.controller?.abort(error);
  }

  private succeed(): void {
    if (!this.end()) return;
    const body = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
    this.resolve({
      status: this.status,
      headers: this.headers,
      body: body.subarray(0, MAX_RESPONSE_BODY_BYTES),
    });
    // Whatever else would come is not waited for.
    if (this.length >= MAX_RESPONSE_BODY_BYTES) this.controller?.abort(new Error('enough was read'));
  }

  /** @returns whether it ends now; not when it was over */
  private end(): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    clearTimeout(this.deadline);
    return true;
  }
}
