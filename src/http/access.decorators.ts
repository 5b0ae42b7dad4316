import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

export const IS_PUBLIC = 'isPublic';
export const IS_ADMIN_ONLY = 'isAdminOnly';

/** Answers without a token: probes and scrapers only. */
export const Public = () => SetMetadata(IS_PUBLIC, true);

/** Answers 403 to everyone but admins. */
export const AdminOnly = () => SetMetadata(IS_ADMIN_ONLY, true);

/** Who a request's token stands for. */
export interface Principal {
  id: number;
  email: string;
  isAdmin: boolean;
}

export type AuthenticatedRequest = FastifyRequest & { user: Principal };

/** The caller, on routes that need a token. */
export const Caller = createParamDecorator(
  (_: unknown, context: ExecutionContext): Principal => context.switchToHttp().getRequest<AuthenticatedRequest>().user,
);
