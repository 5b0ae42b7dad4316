import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyInstance {
    publicUrl: string | null;
  }
}

/** Tells the service the address its clients know it by; without one, links are built from each request. */
export function installPublicUrl(fastify: FastifyInstance, publicUrl: string | null): void {
  fastify.decorate('publicUrl', publicUrl);
}

/** Scheme, host and, with `PUBLIC_URL`, path under which the caller reaches the service; no slash at its end. */
export function publicUrlOf(request: FastifyRequest): string {
  return request.server.publicUrl ?? `${request.protocol}://${request.host}`;
}

/** The base of absolute links in an answer to this request. */
export const PublicUrl = createParamDecorator((_: unknown, context: ExecutionContext): string =>
  publicUrlOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
