import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import type { Visibility } from '../config/config.js';
import { Scope } from '../database/scope.js';
import type { AuthenticatedRequest, Principal } from './access.decorators.js';

declare module 'fastify' {
  interface FastifyInstance {
    visibility: Visibility;
  }
}

export function installVisibility(fastify: FastifyInstance, visibility: Visibility): void {
  fastify.decorate('visibility', visibility);
}

/** Whose schedules the caller may see and change, on routes that need a token. */
export const ScopeOfCaller = createParamDecorator((_: unknown, context: ExecutionContext): Scope => {
  const { user, server } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  return scopeOf(user, server.visibility);
});

function scopeOf({ id, isAdmin }: Principal, visibility: Visibility): Scope {
  return isAdmin || visibility === 'all' ? Scope.everything(id) : Scope.ofGroups(id);
}
