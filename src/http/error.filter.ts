import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { allowedMethods } from './allowed-methods.js';
import {
  DomainError,
  InvalidInputError,
  MethodNotAllowedError,
  NotAuthenticatedError,
  NotFoundError,
  ThrottledError,
} from './domain-error.js';

const STATUS_BY_CODE: Record<string, number> = {
  not_found: 404,
  permission_denied: 403,
  method_not_allowed: 405,
  not_authenticated: 401,
  parse_error: 400,
  bad_request: 400,
  invalid: 400,
  inactive_user: 400,
  throttled: 429,
  unrecorded: 503,
};

// PostgreSQL is away, refuses connections, or cannot serve this one in time: worth another try.
const UNAVAILABLE = /^(08|53|57P)|^(25P03|55P03|57014)$|^E(CONNREFUSED|CONNRESET|PIPE|TIMEDOUT|NOTFOUND)$/;
const RETRY_AFTER_SECONDS = 5;

interface Answer {
  status: number;
  body: object;
  headers?: Record<string, string>;
}

/** The one place where an error becomes an answer, in the shapes the clients of the replaced service know. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('HTTP');

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const answer = this.answerTo(error, request);
    if (reply.sent) return;
    void reply
      .status(answer.status)
      .headers(answer.headers ?? {})
      .type('application/json; charset=utf-8')
      .send(answer.body);
  }

  private answerTo(error: unknown, request: FastifyRequest): Answer {
    if (request.is404) return unknownRoute(request);
    if (error instanceof InvalidInputError) return { status: 400, body: error.fields };
    if (error instanceof DomainError) return domainAnswer(error);
    if (error instanceof HttpException && error.getStatus() === 415) return unsupportedMediaType(request);
    if (error instanceof HttpException) return httpAnswer(error.getStatus(), error.getResponse());
    if (isUnavailable(error)) {
      this.logger.warn(`database unavailable: ${(error as Error).message}`);
      const headers = { 'retry-after': String(RETRY_AFTER_SECONDS) };
      return { status: 503, body: { detail: 'Service temporarily unavailable, try again later.' }, headers };
    }
    return this.frameworkAnswer(error);
  }

  /** Errors of Fastify itself carry a status below 500; whatever else arrives here is a fault of ours. */
  private frameworkAnswer(error: unknown): Answer {
    const { statusCode, message } = error as { statusCode?: number; message?: string };
    if (statusCode && statusCode >= 400 && statusCode < 500) {
      return { status: statusCode, body: { detail: message ?? 'Bad request.' } };
    }
    this.logger.error(error instanceof Error ? error.stack : String(error));
    return { status: 500, body: { detail: 'A server error occurred.' } };
  }
}

function unknownRoute(request: FastifyRequest): Answer {
  const methods = allowedMethods(request);
  return domainAnswer(methods.length === 0 ? new NotFoundError() : new MethodNotAllowedError(request.method, methods));
}

function unsupportedMediaType(request: FastifyRequest): Answer {
  const detail = `Unsupported media type "${request.raw.headers['content-type'] ?? ''}" in request.`;
  return { status: 415, body: { detail } };
}

function domainAnswer(error: DomainError): Answer {
  return { status: STATUS_BY_CODE[error.code] ?? 400, body: { detail: error.message }, headers: headersOf(error) };
}

function headersOf(error: DomainError): Record<string, string> | undefined {
  if (error instanceof NotAuthenticatedError) return { 'www-authenticate': 'Token' };
  if (error instanceof MethodNotAllowedError) return { allow: error.allowed.join(', ') };
  if (error instanceof ThrottledError) return { 'retry-after': String(error.retryAfterSeconds) };
  return undefined;
}

function httpAnswer(status: number, response: string | object): Answer {
  return { status, body: typeof response === 'string' ? { detail: response } : response };
}

function isUnavailable(error: unknown): boolean {
  const { code, message, driverError } = error as { code?: string; message?: string; driverError?: { code?: string } };
  if (UNAVAILABLE.test(String(driverError?.code ?? code ?? ''))) return true;
  return /timeout exceeded when trying to connect|Connection terminated|not queryable/i.test(message ?? '');
}
