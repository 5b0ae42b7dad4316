import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MalformedRequestError } from './domain-error.js';

const HOST = /^(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

declare module 'fastify' {
  interface FastifyInstance {
    publicUrl: string | null;
  }
}

/** Tells the service the address its clients know it by; without one, links are built from each request. */
export function installPublicUrl(fastify: FastifyInstance, publicUrl: string | null): void {
  fastify.decorate('publicUrl', publicUrl);
}

/**
 * Scheme, host and, with `PUBLIC_URL`, path under which the caller reaches the service; no slash at its end.
 *
 * @throws MalformedRequestError where they come from the request, and are no scheme and host
 */
export function publicUrlOf(request: FastifyRequest): string {
  const { publicUrl } = request.server;
  if (publicUrl !== null) return publicUrl;
  const { protocol, host } = request;
  if (!HOST.test(host) || !/^https?$/.test(protocol)) {
    throw new MalformedRequestError('The host that the request names is not valid.');
  }
  return `${protocol}://${host}`;
}

/** Path and query of a request. Its first line may have a whole URL, as for a proxy; host and scheme in it are nobody's. */
export function pathOf(request: FastifyRequest): string {
  return request.originalUrl.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '');
}

/** The base of absolute links in an answer to this request. */
export const PublicUrl = createParamDecorator((_: unknown, context: ExecutionContext): string =>
  publicUrlOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
