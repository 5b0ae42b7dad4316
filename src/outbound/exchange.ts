import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { CarriedRequest, Connection, Line, LineHandler } from './connection.js';

/** Bytes of a response body that are read; the connection of a longer one is closed. */
export const MAX_RESPONSE_BODY_BYTES = 16 * 1024;
/** Time for the body after the headers; the connection of one that takes longer is closed. */
const BODY_TIMEOUT_MS = 2_000;
/** What a connection that the other side has closed ends with. */
const CLOSED = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'UND_ERR_SOCKET']);

export interface OutboundResponse {
  status: number;
  headers: IncomingHttpHeaders;
  /** the first 16 KiB at most, and what came of them within 2 s */
  body: Buffer;
}

/** No response came within the time that the exchange may take. */
export class ExchangeTimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor(timeoutMs: number) {
    super(`no response within ${timeoutMs} ms`);
  }
}

/** How a request is sent again. */
interface Resending {
  /** opens a connection for each request */
  over: Dispatcher;
  options: Dispatcher.DispatchOptions;
  /** the request is being written for the second time */
  onResent: () => void;
}

/**
 * One request and its response, as undici tells of it. Driven by events rather than through undici's streams, which cost
 * more than the rest of a delivery.
 *
 * The final status decides as soon as it is there. A request whose kept connection turns out to be closed before a byte
 * of a response came is sent again, once.
 */
export class Exchange implements LineHandler, CarriedRequest {
  readonly response: Promise<OutboundResponse>;
  /** set by the client that the request is dispatched to */
  line: Line | null = null;
  private resolve: (response: OutboundResponse) => void;
  private reject: (error: Error) => void;
  private readonly deadline: NodeJS.Timeout;
  private bodyDeadline: NodeJS.Timeout | undefined;
  private controller: Dispatcher.DispatchController | null = null;
  /** null until the request is written */
  private connection: Connection | null = null;
  private wasWritten = false;
  private isOver = false;
  /** null: it may be sent once only, or has been sent again */
  private resending: Resending | null = null;
  private onResent: (() => void) | null = null;
  private status = 0;
  private headers: IncomingHttpHeaders = {};
  private readonly chunks: Buffer[] = [];
  private length = 0;

  /** @param timeoutMs for the whole exchange, from connecting to the last byte that is read */
  constructor(private readonly timeoutMs: number) {
    this.response = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.deadline = setTimeout(() => this.runOut(), timeoutMs);
  }

  /** Permits to send the request once more. */
  permitResending(resending: Resending): void {
    this.resending = resending;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    // It was given up while it waited for a connection: not a byte of it is sent.
    if (this.isOver) return controller.abort(new Error('given up'));
    this.connection = this.line?.connection ?? null;
    this.connection?.begin(this);
    if (this.wasWritten) this.onResent?.();
    this.wasWritten = true;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.status = status;
    this.headers = headers;
  }

  /** Most responses come as a whole, and need no timer. */
  onParsed(): void {
    if (this.status > 0 && !this.isOver) {
      this.bodyDeadline ??= setTimeout(() => this.succeed(false), BODY_TIMEOUT_MS);
    }
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.chunks.push(chunk);
    this.length += chunk.length;
    if (this.length >= MAX_RESPONSE_BODY_BYTES) this.succeed(false);
  }

  onResponseEnd(): void {
    this.succeed(true);
  }

  /** A body that breaks off after the status counts as far as it came. */
  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.status > 0) this.succeed(true);
    else if (this.resending && this.isClosedKept(error)) this.resend(this.resending);
    else this.fail(error);
  }

  /** Ends the exchange without a response. */
  fail(error: Error): void {
    if (!this.end()) return;
    this.reject(error);
    this.controller?.abort(error);
  }

  private runOut(): void {
    if (this.status > 0) this.succeed(false);
    else this.fail(new ExchangeTimeoutError(this.timeoutMs));
  }

  /** @param isOver whether nothing more can come; the connection is closed otherwise */
  private succeed(isOver: boolean): void {
    if (!this.end()) return;
    const body = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
    this.resolve({
      status: this.status,
      headers: this.headers,
      body: body.subarray(0, MAX_RESPONSE_BODY_BYTES),
    });
    if (!isOver) this.controller?.abort(new Error('enough was read'));
  }

  /**
   * Whether the connection was a kept one that its receiver had closed. That shows while the request is written or while
   * its response is awaited, and at times before it is written at all.
   */
  private isClosedKept(error: Error): boolean {
    if (this.isOver || !CLOSED.has((error as NodeJS.ErrnoException).code ?? '')) return false;
    return this.connection ? this.connection.isKeptAndSilent : Boolean(this.line?.connection);
  }

  private resend({ over, options, onResent }: Resending): void {
    this.resending = null;
    this.onResent = onResent;
    this.controller = null;
    this.connection = null;
    over.dispatch(options, this);
  }

  /** @returns whether it ends now; not when it was over */
  private end(): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    clearTimeout(this.deadline);
    clearTimeout(this.bodyDeadline);
    return true;
  }
}
