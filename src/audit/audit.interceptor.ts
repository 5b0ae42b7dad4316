import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { mergeMap, type Observable } from 'rxjs';
import type { AuthenticatedRequest } from '../http/access.decorators.js';
import { AUDIT, type Audit } from '../http/audited.decorator.js';
import { AuditLog } from './audit-log.js';
import { successOf } from './audited-request.js';

/** Answers a request on an `@Audited()` route only once its record is written: what was acknowledged is in the log. */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly log: AuditLog,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const audit = this.reflector.get<Audit | undefined>(AUDIT, context.getHandler());
    if (!audit) return next.handle();
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    return next.handle().pipe(
      mergeMap(async (result: unknown) => {
        await this.log.record(successOf(request, audit, result));
        return result;
      }),
    );
  }
}
