import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AuthenticatedRequest } from '../http/access.decorators.js';
import type { Audit } from '../http/audited.decorator.js';
import { AuditLog } from './audit-log.js';
import { denialOf, successOf } from './audited-request.js';
import { DenialBudget } from './denial-budget.js';

const FORBIDDEN = 403;

/**
 * Holds the answer on an `@Audited()` route back until its record is written: what was acknowledged is in the log, and
 * so is who was refused for want of rights. Callers who are not known are none of its business: nobody can fill the log
 * without a token, and with one only so fast.
 *
 * By Fastify's hooks: guards refuse before an interceptor runs, and an interceptor would cost every other route too.
 */
@Injectable()
export class RequestAudit implements OnModuleInit {
  private readonly results = new WeakMap<FastifyRequest, unknown>();
  private readonly denials = new DenialBudget();

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly log: AuditLog,
  ) {}

  /** The command line has no server to hook into. */
  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter?.getInstance<FastifyInstance>();
    fastify?.addHook('preSerialization', (request, _reply, payload, done) => {
      if (auditOf(request)) this.results.set(request, payload);
      done(null, payload);
    });
    fastify?.addHook('onSend', (request, reply, _payload, done) => {
      const audit = auditOf(request);
      if (!audit) return done();
      this.record(request as AuthenticatedRequest, reply, audit).then(() => done(), done);
    });
  }

  private async record(request: AuthenticatedRequest, { statusCode }: FastifyReply, audit: Audit): Promise<void> {
    if (statusCode < 300) await this.log.record(successOf(request, audit, this.results.get(request)));
    else if (statusCode === FORBIDDEN && request.user) await this.recordDenial(request, audit);
  }

  /** A refusal stands whether or not it is recorded; that it was not, the log of the service says. */
  private async recordDenial(request: AuthenticatedRequest, audit: Audit): Promise<void> {
    if (this.denials.allows(request.user.id)) await this.log.record(denialOf(request, audit)).catch(() => {});
  }
}

function auditOf(request: FastifyRequest): Audit | undefined {
  return request.method === 'GET' ? undefined : request.routeOptions.config.audit;
}
