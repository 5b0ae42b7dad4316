import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';

const HEADER = 'x-request-id';
const WELL_FORMED = /^[\w.:/+=-]{1,128}$/;

const current = new AsyncLocalStorage<string>();

/**
 * The id of a request: the caller's `X-Request-Id` when it is 1 to 128 letters, digits and `_ . : / + = -`, so that it
 * can stand in any log, else a new UUID.
 */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers[HEADER];
  return typeof given === 'string' && WELL_FORMED.test(given) ? given : randomUUID();
}

/** Every answer names the request that it belongs to, and so does every log line that is written on its way. */
export function installRequestIds(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header(HEADER, request.id);
    done();
  });
  // Not sooner: the reading of a body ends in the asynchronous context of the connection.
  fastify.addHook('preValidation', (request, _reply, done) => current.run(request.id, done));
}

/** What a log line says of the request on whose way it is written: nothing outside of one. */
export function requestOfLine(): { reqId?: string } {
  const reqId = current.getStore();
  return reqId === undefined ? {} : { reqId };
}
