import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';

/** Names of what is recorded in the audit log. They are stable: filters and alerts rely on them. */
export const AUDIT_ACTIONS = [
  ...['schedule.create', 'schedule.update', 'schedule.enable', 'schedule.disable', 'schedule.delete', 'schedule.run'],
  ...['failed-task.requeue', 'failed-task.requeue-all'],
  ...['user.update', 'group.create', 'group.update', 'group.delete'],
  ...['token.create', 'token.revoke'],
  ...['signing-secret.create', 'signing-secret.rotate', 'signing-secret.retire', 'signing-secret.delete'],
  ...['secrets.rotate', 'import', 'metrics.push', 'admin.create'],
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** What is known of a request that did what it was for. */
export interface Exchange {
  request: FastifyRequest;
  /** names of the known fields that the body gave */
  fields: readonly string[];
  /** what the handler returned */
  result: unknown;
}

/** What is recorded of a route. */
export interface Audit {
  action: AuditAction;
  /** kind of what it is done to; the part of `action` before the dot when absent */
  on?: string;
  /** id of what it was done to; the `id` of the result, or the last of the path's parameters, when absent */
  idOf?: (exchange: Exchange) => string | number;
  /** a more exact action, when the request turns out to be one */
  actionOf?: (exchange: Exchange) => AuditAction;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    audit?: Audit;
  }
}

/** Records each success of a route that changes something, and each refusal for want of rights, in the audit log. */
export function Audited(action: AuditAction, details: Omit<Audit, 'action'> = {}): MethodDecorator {
  return RouteConfig({ audit: { action, ...details } satisfies Audit });
}
