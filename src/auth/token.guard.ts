import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { type AuthenticatedRequest, IS_ADMIN_ONLY, IS_PUBLIC } from '../http/access.decorators.js';
import { NotAuthenticatedError, PermissionDeniedError } from '../http/domain-error.js';
import { FailedAuthentications } from './failed-authentications.js';
import { TokenStrategy } from './token.strategy.js';

/** Every route needs a token, unless it is `@Public()`; `@AdminOnly()` ones need an admin's. */
@Injectable()
export class TokenGuard extends AuthGuard() {
  constructor(
    strategy: TokenStrategy,
    private readonly failures: FailedAuthentications,
    private readonly reflector: Reflector,
  ) {
    super({ defaultStrategy: strategy.ownName });
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.isMarked(IS_PUBLIC, context)) return true;
    await super.canActivate(context);
    const { user } = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (this.isMarked(IS_ADMIN_ONLY, context) && !user.isAdmin) throw new PermissionDeniedError();
    return true;
  }

  override handleRequest<TUser>(error: Error | null, user: TUser | false): TUser {
    if (user && !error) return user;
    const refusal = error ?? NotAuthenticatedError.missing();
    this.failures.tell(refusal);
    throw refusal;
  }

  private isMarked(key: string, context: ExecutionContext): boolean {
    return this.reflector.getAllAndOverride<boolean>(key, [context.getHandler(), context.getClass()]) ?? false;
  }
}
