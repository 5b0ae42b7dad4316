import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import type { AuthenticatedRequest } from '../http/access.decorators.js';
import { AuditLog } from './audit-log.js';
import { denialOf } from './audited-request.js';
import { DenialBudget } from './denial-budget.js';

const FORBIDDEN = 403;

/**
 * Records who was refused an `@Audited()` route for want of rights, before the answer is sent. Callers who are not
 * known are none of its business: nobody can fill the log without a token, and with one only so fast.
 */
@Injectable()
export class Denials implements OnModuleInit {
  private readonly budget = new DenialBudget();

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly log: AuditLog,
  ) {}

  /** A hook, since guards refuse before any interceptor runs. The command line has no server to hook into. */
  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter?.getInstance<FastifyInstance>();
    fastify?.addHook('onSend', (request, reply, _, done) => {
      if (reply.statusCode !== FORBIDDEN) return done();
      void this.note(request as AuthenticatedRequest).finally(() => done());
    });
  }

  /** A refusal stands whether or not it is recorded; that it was not, the log of the service says. */
  private async note(request: AuthenticatedRequest): Promise<void> {
    const { audit } = request.routeOptions.config;
    if (!audit || !request.user || !this.budget.allows(request.user.id)) return;
    await this.log.record(denialOf(request, audit)).catch(() => {});
  }
}
