import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** runs something in the asynchronous context that the request began in */
    inContext: ReturnType<typeof AsyncLocalStorage.snapshot> | null;
  }
}

/**
 * Carries what is known of a request by its asynchronous context, such as the id in its log lines, over the reading of
 * its body: that ends in the context of the connection.
 */
export function installRequestContext(fastify: FastifyInstance): void {
  fastify.decorateRequest('inContext', null);
  fastify.addHook('preParsing', (request, _reply, _payload, done) => {
    request.inContext = AsyncLocalStorage.snapshot();
    done();
  });
  fastify.addHook('preValidation', (request, _reply, done) => {
    if (request.inContext) request.inContext(done);
    else done();
  });
}
