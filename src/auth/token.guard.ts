import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { type AuthenticatedRequest, IS_ADMIN_ONLY, IS_PUBLIC } from '../http/access.decorators.js';
import { NotAuthenticatedError, PermissionDeniedError } from '../http/domain-error.js';
import { TokenStrategy } from './token.strategy.js';

/** Every route needs a token, unless it is `@Public()`; `@AdminOnly()` ones need an admin's. */
@Injectable()
export class TokenGuard extends AuthGuard() {
  constructor(
    strategy: TokenStrategy,
    private readonly reflector: Reflector,
  ) {
    // The strategy itself rather than its name: names are kept for the whole process, and of two services in one, as in
    // the tests, both would ask the one that was started last.
    super({ defaultStrategy: strategy as never });
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.isMarked(IS_PUBLIC, context)) return true;
    await super.canActivate(context);
    const { user } = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (this.isMarked(IS_ADMIN_ONLY, context) && !user.isAdmin) throw new PermissionDeniedError();
    return true;
  }

  override handleRequest<TUser>(error: Error | null, user: TUser | false): TUser {
    if (error) throw error;
    if (!user) throw NotAuthenticatedError.missing();
    return user;
  }

  private isMarked(key: string, context: ExecutionContext): boolean {
    return this.reflector.getAllAndOverride<boolean>(key, [context.getHandler(), context.getClass()]) ?? false;
  }
}
